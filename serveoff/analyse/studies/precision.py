"""Lower precisions: what each gains in speed, and what it loses in accuracy. Beside the ranking, never in it."""

from dataclasses import dataclass
from typing import Annotated

from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.statistics.proportions import paired_difference, proportion
from serveoff.analyse.stored_once import ENTRY
from serveoff.analyse.studies.sweeps import setting_of
from serveoff.analyse.verdict import Outcome
from serveoff.record.endpoint_results import PRECISION


@dataclass(frozen=True)
class Speed:
    """How many times faster it is with so many rows a request, by p50 with the fewest callers."""

    rows: int
    ratio: Estimate
    outcome: Outcome


@dataclass(frozen=True)
class Accuracy:
    """Top-1 on the same labelled samples, 0 to 1: in full precision, in the lower one, and what that loses."""

    full: Estimate
    lower: Estimate
    lost: Estimate
    only_full: int
    """Samples that only full precision got right."""
    only_lower: int
    available: int
    """How many labelled samples the model has; a slow endpoint was asked for a part of them."""


@dataclass(frozen=True)
class Lower:
    """One endpoint in a lower precision against itself in full precision."""

    entry: Annotated[Entry, ENTRY]
    base: Annotated[Entry, ENTRY] | None
    precision: str
    problem: str = ""
    """Why there is nothing to say of it, in a sentence."""
    speeds: tuple[Speed, ...] = ()
    accuracy: Accuracy | None = None
    """None where the model has no labelled samples."""


def study(evidence: Evidence) -> tuple[Lower, ...]:
    """Every endpoint of a lower precision, in the entries' order."""
    lower = [entry for entry in evidence.entries if setting_of(entry) == PRECISION]
    return tuple(_lower(evidence, entry) for entry in lower)


def _lower(evidence: Evidence, entry: Entry) -> Lower:
    base = next((e for e in evidence.entries if e.name == entry.result.base), None)
    precision = entry.result.variant.partition("=")[2]
    if problem := _problem(entry):
        return Lower(entry, base, precision, problem)
    pairs = evidence.by_rows(entry, base) if base is not None else ()
    speeds = tuple(Speed(rows, pair.ratio, pair.outcome) for rows, pair in pairs)
    return Lower(entry, base, precision, "", speeds, _accuracy(entry, base))


def _problem(entry: Entry) -> str:
    if entry.result.unavailable is not None:
        return entry.result.unavailable.text
    if entry.result.gate is not None and entry.result.gate.problem is not None:
        return entry.result.gate.problem.text
    return "it was not measured" if entry.alone is None else ""


def _accuracy(entry: Entry, base: Entry | None) -> Accuracy | None:
    """On the samples that both were asked for."""
    mine, its = entry.result.labelled, base.result.labelled if base is not None else None
    if mine is None or its is None:
        return None
    count = min(len(mine.right), len(its.right))
    if not count:
        return None
    lower, full = mine.right[:count], its.right[:count]
    both = sum(a and b for a, b in zip(full, lower, strict=True))
    return Accuracy(
        full=proportion(sum(full), count),
        lower=proportion(sum(lower), count),
        lost=paired_difference(full, lower),
        only_full=sum(full) - both,
        only_lower=sum(lower) - both,
        available=mine.samples,
    )
