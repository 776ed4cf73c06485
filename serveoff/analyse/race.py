"""A look at a run that goes on: what is decided, who is out of every race, and who leads.

How often a run is looked at is fixed before it begins (`RunSettings.looks`), and each look errs as little as all of
them together may: serveoff.analyse.statistics.max_t.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from serveoff.analyse.analysis import evidence_so_far
from serveoff.analyse.evidence import COST, LATENCY, THROUGHPUT, Evidence, Pair
from serveoff.analyse.statistics.estimates import half_width
from serveoff.analyse.verdict import DECIDED
from serveoff.record.race import Look

RACES: Final = (LATENCY, THROUGHPUT, COST)
CLEARLY: Final = 1.25
"""Who is out was beaten by this factor at least, on every objective."""
KNOWN_WITHIN: Final = 0.05
"""How well the p50 and the throughput of who is out must be known: nobody asks for them again."""
LEADERS: Final = 3

Races = Mapping[str, Mapping[tuple[str, str], Pair]]
"""Every pair by objective, better one first."""


def look(folder: Path, after_start: int) -> Look:
    """What the run in `folder` says after the rounds of so many starts."""
    evidence = evidence_so_far(folder)
    races = {measure.objective: evidence.contrasted(measure) for measure in RACES}
    out = [entry.name for entry in evidence.contenders if _beaten(entry.name, races) and _known(entry.name, evidence)]
    pairs = [(names, pair.outcome in DECIDED) for race in races.values() for names, pair in race.items()]
    left = [decided for names, decided in pairs if not set(names) & set(out)]
    return Look(
        after_start=after_start,
        out=out,
        leaders=_leaders(evidence),
        pairs=len(pairs),
        undecided=sum(not decided for _, decided in pairs),
        decided=bool(pairs) and all(left),
    )


def _beaten(name: str, races: Races) -> bool:
    """On each objective some other contender is clearly better, and by much."""
    return all(
        any(second == name and pair.outcome == "faster" and _much(pair) for (_, second), pair in race.items())
        for race in races.values()
    )


def _much(pair: Pair) -> bool:
    return (pair.ratio.value or 0.0) >= CLEARLY


def _known(name: str, evidence: Evidence) -> bool:
    entry = next(entry for entry in evidence.contenders if entry.name == name)
    figures = [entry.alone.p50_s if entry.alone else None, entry.best.throughput if entry.best else None]
    return all(figure is not None and half_width(figure) <= KNOWN_WITHIN for figure in figures)


def _leaders(evidence: Evidence) -> list[str]:
    """By the sum of their places in p50 and throughput; of equal ones the quicker."""
    orders = [[point.endpoint for point in evidence.candidates(measure)] for measure in (LATENCY, THROUGHPUT)]
    both = [name for name in orders[0] if name in orders[1]]
    return sorted(both, key=lambda name: sum(order.index(name) for order in orders))[:LEADERS]
