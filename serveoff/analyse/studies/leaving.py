"""The ways out of TorchScript and TorchServe: each beside what it would take the place of."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.stored_once import ENTRY
from serveoff.analyse.verdict import Outcome
from serveoff.record.roles import STAND_IN_SERVER

TORCHSCRIPT: Final = "torchscript"
TORCHSERVE: Final = "torchserve"
TFSERVING: Final = "tfserving"
FLASKS: Final = ("flask-tuned", "flask")
WAYS: Final = (("onnx", FLASKS), ("torch_export", FLASKS), ("savedmodel", (TFSERVING,)))
"""Formats, and the servers that one would go to with them, the first choice first."""


@dataclass(frozen=True)
class Against:
    """A way out against an endpoint that it would take the place of, with so many rows a request."""

    left: Annotated[Entry, ENTRY]
    rows: int
    ratio: Estimate
    """How many times faster the way out is, by p50 with the fewest callers."""
    outcome: Outcome


@dataclass(frozen=True)
class WayOut:
    """One format and where it is served; without an entry nothing of it was planned, and `problem` says why."""

    format: str
    entry: Annotated[Entry, ENTRY] | None
    problem: str = ""
    """Why it is none, in a sentence; empty where it serves the model and counts."""
    against: tuple[Against, ...] = ()


@dataclass(frozen=True)
class Leaving:
    """Every way out, in the order of WAYS, and what is left; empty in a run that asked for none."""

    ways: tuple[WayOut, ...] = ()
    left: tuple[Annotated[Entry, ENTRY], ...] = ()
    """TorchScript on the best of its other servers, then on TorchServe, where they were measured."""


def study(evidence: Evidence) -> Leaving:
    """Nothing where the run has neither ONNX nor an exported program."""
    formats = {entry.result.format for entry in evidence.entries}
    if not formats & {"onnx", "torch_export"}:
        return Leaving()
    ways = tuple(_way(evidence, format, servers) for format, servers in WAYS)
    return Leaving(ways, tuple(_left(evidence.contenders, FLASKS)))


def _way(evidence: Evidence, format: str, servers: Sequence[str]) -> WayOut:
    entry = next(iter(_of(evidence.contenders, format, servers)), None)
    if entry is None:
        return WayOut(format, None, _unplanned(evidence, servers))
    if problem := _problem(entry):
        return WayOut(format, entry, problem)
    lefts = _left(evidence.contenders, (entry.result.server, *FLASKS))
    pairs = ((left, *found) for left in lefts for found in evidence.by_rows(entry, left))
    return WayOut(format, entry, against=tuple(Against(left, rows, p.ratio, p.outcome) for left, rows, p in pairs))


def _unplanned(evidence: Evidence, servers: Sequence[str]) -> str:
    if TFSERVING in servers and any(e.result.server == STAND_IN_SERVER for e in evidence.entries):
        return "TensorFlow Serving is not here; its stand-in says nothing of it"
    return "not part of this run"


def _problem(entry: Entry) -> str:
    """Why an endpoint is no way out: it could not be made or started, answers wrongly, or does not count."""
    if entry.result.unavailable is not None:
        return entry.result.unavailable.text
    gate = entry.result.gate
    if gate is not None and not gate.passed:
        return f"it answers wrongly: {gate.problem.text if gate.problem else 'the agreement gate failed'}"
    if entry.alone is None:
        return "it was not measured"
    return next((f"INVALID: {finding.seen}" for finding in entry.alone.verdict.reasons), "")


def _left(contenders: Iterable[Entry], servers: Sequence[str]) -> Iterator[Entry]:
    known = list(contenders)
    for choice in (servers, (TORCHSERVE,)):
        yield from _of([e for e in known if not _problem(e)], TORCHSCRIPT, choice)[:1]


def _of(entries: Iterable[Entry], format: str, servers: Sequence[str]) -> list[Entry]:
    """Those of a format on these servers, the first choice first, then as they are ranked."""
    found = [entry for entry in entries if entry.result.format == format and entry.result.server in servers]
    return sorted(found, key=lambda entry: servers.index(entry.result.server))
