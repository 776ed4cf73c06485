"""Claims about how a framework is written: true by construction, and checked by the run's own processes.

Each floor makes the checks of its format (serveoff.models.construction) beside its agreement gate. Where one was not
made, nothing is claimed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from serveoff.analyse.claims.pairs import FRAMEWORK, find
from serveoff.analyse.claims.ruling import Exhibit, Ruling, Voice
from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.record.endpoint_results import Gate
from serveoff.record.suite import Suite

FILE = "models/construction.py"
AGREE_WITHIN = 1e-5
"""As serveoff.models.agreement.TOLERANCE, which whoever only reads a run has not."""


@dataclass(frozen=True)
class Check:
    """One check: the format whose floor makes it, its function in `FILE`, and what it shows."""

    format: str
    function: str
    words: str


def shown_by(*checks: Check) -> Callable[[Evidence, Suite], Ruling]:
    """True by construction where the run made all checks; refuted by one that failed, or by a format that is wrong."""
    return lambda evidence, suite: _shown(evidence, checks)


def _shown(evidence: Evidence, checks: Sequence[Check]) -> Ruling:
    formats = dict.fromkeys(check.format for check in checks)
    floors = {format: find(evidence, "inprocess", format) for format in formats}
    made = [exhibit for check in checks if (exhibit := _made(check, floors[check.format]))]
    exhibits = (*made, *(e for floor in floors.values() for e in _error(floor)))
    if any(exhibit.speaks == "against" for exhibit in exhibits):
        return Ruling("refuted", exhibits=exhibits)
    lacking = len(made) < len(checks)
    return Ruling("not measured" if lacking else "true by construction", exhibits=exhibits, lacking=lacking)


def _made(check: Check, floor: Entry | None) -> Exhibit | None:
    passed = floor.result.gate.checks.get(check.function) if floor and floor.result.gate else None
    if passed is None:
        return None
    name = f"{FILE}::{check.function}"
    return Exhibit(FRAMEWORK[check.format], check.words, check=name, speaks="for" if passed else "against")


def _error(floor: Entry | None) -> Iterator[Exhibit]:
    """The largest absolute error of a format over the golden inputs, where its gate was asked."""
    gate = floor.result.gate if floor else None
    if floor is None or gate is None:
        return
    error = None if gate.max_abs_error is None else Estimate(gate.max_abs_error, None, None, gate.checked)
    yield Exhibit(
        FRAMEWORK[floor.result.format],
        "largest absolute error over the golden inputs",
        mine=floor.name,
        metric="absolute error",
        figure=error,
        unit="error",
        speaks=_voice(gate),
    )


def _voice(gate: Gate) -> Voice:
    """A format that did not answer says nothing of the claim; where no share was recorded, the error decides."""
    if gate.max_abs_error is None:
        return "open"
    share = gate.max_abs_error / AGREE_WITHIN if gate.worst_share is None else gate.worst_share
    return "for" if share <= 1 else "against"
