"""A look at a run that goes on: what is decided, who is out of every race, and who leads.

How often a run is looked at is fixed before the first look, and all of them together err as little as one may:
serveoff.analyse.statistics.max_t.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from serveoff.analyse.analysis import evidence_so_far
from serveoff.analyse.canary import judge
from serveoff.analyse.evidence import COST, LATENCY, THROUGHPUT, Evidence, Measure, Pair
from serveoff.analyse.statistics.estimates import half_width
from serveoff.analyse.studies import attached
from serveoff.analyse.verdict import DECIDED
from serveoff.record.race import Look
from serveoff.record.settings import RunSettings

RACES: Final = (LATENCY, THROUGHPUT, COST)
CLEARLY: Final = 1.25
"""Who is out was beaten by this factor at least, on every objective."""
KNOWN_WITHIN: Final = 0.05
"""How well it must be known how far behind the best the p50 and the throughput of who is out are: nobody asks again.

Of the processes that ran, and beside the best: what the machine did to both says nothing of either."""
LEADERS: Final = 3

Races = Mapping[str, Mapping[tuple[str, str], Pair]]
"""Every pair by objective, better one first."""


def look(folder: Path, after_start: int, looks: int) -> Look:
    """What the run in `folder` says after the rounds of so many starts; it has so many looks in all."""
    evidence, settings = evidence_so_far(folder, looks)
    races = {measure.objective: evidence.contrasted(measure) for measure in RACES}
    open_ = _unjudged(evidence, settings)
    racing = [entry.name for entry in evidence.contenders if entry.name not in open_]
    out = [name for name in racing if _beaten(name, races) and _known(name, evidence)]
    pairs = [(names, pair.outcome in DECIDED) for race in races.values() for names, pair in race.items()]
    left = [decided for names, decided in pairs if not set(names) & set(out)]
    return Look(
        after_start=after_start,
        looks=looks,
        out=out,
        leaders=_leaders(evidence),
        pairs=len(pairs),
        undecided=sum(not decided for _, decided in pairs),
        decided=bool(pairs) and all(left) and not open_,
    )


def _unjudged(evidence: Evidence, settings: RunSettings) -> set[str]:
    """The first attached endpoint and those of which the gate cannot say whether they are slower than it allows."""
    limit, beside = settings.fail_if_slower, attached.study(evidence, settings)
    if limit is None or not beside.baseline:
        return set()
    open_ = judge(beside, evidence.entries, limit).of("undecided")
    return {beside.baseline, *open_} if open_ else set()


def _beaten(name: str, races: Races) -> bool:
    """On each objective some other contender is clearly better, and by much."""
    return all(
        any(second == name and pair.outcome == "faster" and _much(pair) for (_, second), pair in race.items())
        for race in races.values()
    )


def _much(pair: Pair) -> bool:
    return (pair.ratio.value or 0.0) >= CLEARLY


def _known(name: str, evidence: Evidence) -> bool:
    return all(_behind_within(name, measure, evidence) <= KNOWN_WITHIN for measure in (LATENCY, THROUGHPUT))


def _behind_within(name: str, measure: Measure, evidence: Evidence) -> float:
    points = evidence.candidates(measure)
    mine = next((point for point in points if point.endpoint == name), None)
    ratio = evidence.ratio(measure, points[0], mine, processes=True) if mine else None
    return half_width(ratio) if ratio else math.inf


def _leaders(evidence: Evidence) -> list[str]:
    """By the sum of their places in p50 and throughput; of equal ones the quicker."""
    orders = [[point.endpoint for point in evidence.candidates(measure)] for measure in (LATENCY, THROUGHPUT)]
    both = [name for name in orders[0] if name in orders[1]]
    return sorted(both, key=lambda name: sum(order.index(name) for order in orders))[:LEADERS]
