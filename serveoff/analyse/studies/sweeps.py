"""What one setting changes: each variant against its base, and the ranking of servers as they come.

Lower precisions, which change the answers, have a study of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import LATENCY, THROUGHPUT, Evidence
from serveoff.analyse.ranking import placed
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.stored_once import ENTRY, POINT
from serveoff.analyse.verdict import Outcome
from serveoff.record.endpoint_results import OUT_OF_THE_BOX, PRECISION


@dataclass(frozen=True)
class Change:
    """One variant at one number of callers. Ratios say how many times better the variant is than its base."""

    variant: Annotated[Entry, ENTRY]
    base: Annotated[Entry, ENTRY] | None
    point: Annotated[Point, POINT]
    faster: Estimate | None
    """By p50; None where either point does not count."""
    more: Estimate | None
    """By throughput."""
    outcome: Outcome
    """By throughput; `no interval` where there is no ratio."""

    @property
    def setting(self) -> str:
        """`workers` of `workers=2`."""
        return setting_of(self.variant)


@dataclass(frozen=True)
class Standing:
    """Where one endpoint stands, by rank, among servers as they come, and its rank with equal settings."""

    entry: Annotated[Entry, ENTRY]
    rank: int
    tied_above: bool
    tuned_rank: int | None


@dataclass(frozen=True)
class Sweeps:
    """Every change, in the run's order, and the ranking out of the box; both are empty without variants."""

    changes: tuple[Change, ...] = ()
    out_of_the_box: tuple[Standing, ...] = ()


def setting_of(entry: Entry) -> str:
    """What a variant changes, `workers` of `workers=2`; empty for what is none."""
    return entry.result.variant.partition("=")[0]


def study(evidence: Evidence) -> Sweeps:
    """Set every variant against its base, and rank the variants `defaults` among themselves."""
    variants = [e for e in evidence.entries if e.role == "variant" and setting_of(e) != PRECISION]
    changes = tuple(change for entry in variants for change in _changes(evidence, entry))
    return Sweeps(changes, tuple(_standings(evidence, variants)))


def _changes(evidence: Evidence, variant: Entry) -> Iterator[Change]:
    base = next((e for e in evidence.entries if e.name == variant.result.base), None)
    for point in variant.points:
        other = base.at(point.concurrency) if base else None
        faster, more = (evidence.pair(measure, point, other) for measure in (LATENCY, THROUGHPUT))
        outcome = more.outcome if more else "no interval"
        ratios = [pair.ratio if pair else None for pair in (faster, more)]
        yield Change(variant, base, point, ratios[0], ratios[1], outcome)


def _standings(evidence: Evidence, variants: list[Entry]) -> Iterator[Standing]:
    """By p50 with the fewest callers, as the main ranking."""
    ranks = {entry.name: entry.rank for entry in evidence.entries}
    usual = [entry for entry in variants if entry.result.variant == OUT_OF_THE_BOX]
    known = [(entry, entry.alone) for entry in usual if entry.alone and entry.alone.sound]
    for rank, entry, above in placed(evidence, known):
        yield Standing(entry, rank, above, ranks.get(entry.result.base))
