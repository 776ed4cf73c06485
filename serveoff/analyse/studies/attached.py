"""Endpoints that already run: each of them against the first, which they are held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import LATENCY, THROUGHPUT, Evidence, Pair
from serveoff.analyse.stored_once import EndpointName
from serveoff.record.attached import ATTACHED
from serveoff.record.settings import RunSettings

HELD: Final = 0.9
"""From this share of its `--max-rate` on, an endpoint served what it was asked for and not what it can."""


@dataclass(frozen=True)
class Against:
    """One attached endpoint against the first: how many times better it is. None: one of both does not count there."""

    endpoint: EndpointName
    latency: Pair | None
    """By p50 with the fewest callers."""
    throughput: Pair | None
    """With the most callers."""
    held: bool = False
    """Throughput says nothing: one of both was asked for no more than its `--max-rate`."""


@dataclass(frozen=True)
class Attached:
    """The attached endpoints of a run; without a baseline it has none."""

    baseline: EndpointName | Literal[""] = ""
    """The first one that was given."""
    others: tuple[Against, ...] = ()
    """As they were given."""
    idle: bool = False
    """The baseline answers, and was not timed: nothing was left to compare with it."""
    only: bool = False
    """Nothing else is ranked beside them."""

    def against(self, endpoint: str) -> Against | None:
        """What is known of one of the others; None for any other endpoint."""
        return next((found for found in self.others if found.endpoint == endpoint), None)


def study(evidence: Evidence, settings: RunSettings) -> Attached:
    """Nothing where the run has no attached endpoint."""
    found = sorted((e for e in evidence.entries if e.result.server == ATTACHED), key=lambda e: e.result.place)
    if not found:
        return Attached()
    first, *others = found
    rates = {attached.name: attached.max_rate for attached in settings.attached}
    return Attached(
        baseline=first.name,
        others=tuple(_against(evidence, entry, first, rates) for entry in others),
        idle=_answers(first) and bool(others) and not first.result.windows,
        only=all(entry.result.server == ATTACHED for entry in evidence.contenders),
    )


def _answers(entry: Entry) -> bool:
    return entry.result.gate is not None and entry.result.gate.passed and entry.result.stopped is None


def _against(evidence: Evidence, entry: Entry, first: Entry, rates: Mapping[str, float | None]) -> Against:
    busiest = [busy for each in (entry, first) if (busy := most_callers(each)) is not None]
    return Against(
        endpoint=entry.name,
        latency=evidence.between(LATENCY, entry, first),
        throughput=evidence.pair(THROUGHPUT, most_callers(entry), most_callers(first)),
        held=any(_at_its_rate(point, rates.get(point.endpoint)) for point in busiest),
    )


def most_callers(entry: Entry) -> Point | None:
    """The plain point with the most callers, VALID or not."""
    return entry.points[-1] if entry.points else None


def _at_its_rate(point: Point, rate: float | None) -> bool:
    return rate is not None and (point.throughput.value or 0.0) >= HELD * rate
