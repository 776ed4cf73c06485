"""One run against another: every figure that both have, its ratio, and how sure that is.

The ratio is computed from both runs' raw rows, by the bootstrap of `serveoff.analyse.statistics.bootstrap`. Two runs
share no rounds, so the noise between rounds counts for both, and the larger of the two runs' is taken. What no run can
know of itself is that the whole machine was slower on another day: the interval does not hold that, and the page says
so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from serveoff.analyse.analysis import Analysis
from serveoff.analyse.entries import Entry, Key, Point
from serveoff.analyse.statistics.bootstrap import Estimate, Sampled, ratio
from serveoff.analyse.verdict import difference
from serveoff.analyse.winners import figure
from serveoff.loadtests.loads import closed

PairOutcome = Literal["faster", "slower", "tie", "inconclusive", "not comparable", "withheld"]
PAIR_OUTCOMES: Final[Mapping[str, PairOutcome]] = {
    "better": "faster",
    "worse": "slower",
    "tie": "tie",
    "inconclusive": "inconclusive",
}
STATISTICS: Final = ("p50", "p99", "throughput")


@dataclass(frozen=True)
class Pair:
    """One statistic of one endpoint at one concurrency.

    `ratio` is how many times faster B is; where there is none, `why` says so.
    """

    statistic: str
    a: Estimate | None
    b: Estimate | None
    ratio: Estimate | None
    word: PairOutcome
    why: str = ""


@dataclass(frozen=True)
class Line:
    """One endpoint at one concurrency in both runs; the entry is A's, or B's where A has none."""

    entry: Entry
    concurrency: int
    a: Point | None
    b: Point | None
    pairs: tuple[Pair, ...]

    def pair(self, statistic: str) -> Pair:
        """The pair of one statistic."""
        return next(pair for pair in self.pairs if pair.statistic == statistic)


@dataclass(frozen=True)
class Versus:
    """Two runs and every line of either, in A's order, then what only B has."""

    a: Analysis
    b: Analysis
    lines: tuple[Line, ...]
    same_machine: bool
    same_model: bool
    withheld: bool
    """Ratios were held back, for the machines are different and nobody asked for them all the same."""

    def counts(self, statistic: str, role: str = "contender") -> dict[PairOutcome, int]:
        """How often each outcome came up for one statistic, over the endpoints of one role."""
        said = [line.pair(statistic).word for line in self.lines if line.entry.role == role]
        return {word: said.count(word) for word in dict.fromkeys((*PAIR_OUTCOMES.values(), *said)) if word in said}


def versus(a: Analysis, b: Analysis, different_machines: bool = False) -> Versus:
    """Set run B against run A; ratios of different machines only where they are asked for."""
    machines = [analysis.comparison.suite.environment.machine.id for analysis in (a, b)]
    models = [analysis.comparison.suite.settings.model for analysis in (a, b)]
    same_machine = machines[0] == machines[1]
    withheld = not (same_machine or different_machines)
    lines = tuple(_line(a, b, entry, concurrency, withheld) for entry, concurrency in _keys(a, b))
    return Versus(a, b, lines, same_machine, models[0] == models[1], withheld)


def _keys(a: Analysis, b: Analysis) -> list[tuple[Entry, int]]:
    """A's entries, then those that only B has, each at every concurrency of either run."""
    entries: dict[str, Entry] = {}
    concurrencies: dict[str, set[int]] = {}
    for entry in (*a.comparison.entries, *b.comparison.entries):
        entries.setdefault(entry.name, entry)
        concurrencies.setdefault(entry.name, set()).update(point.concurrency for point in entry.points)
    return [(entry, concurrency) for name, entry in entries.items() for concurrency in sorted(concurrencies[name])]


def _line(a: Analysis, b: Analysis, entry: Entry, concurrency: int, withheld: bool) -> Line:
    key = entry.name, closed(concurrency)
    points = _point(a, key), _point(b, key)
    doubt = _doubt(*points)
    pairs = []
    for statistic in STATISTICS:
        found = _ratio(a, b, key, statistic)
        why = doubt or ("too few samples" if found is None else "different machines" if withheld else "")
        word: PairOutcome = "withheld" if withheld and found is not None and not doubt else "not comparable"
        if found is not None and not why:
            word = PAIR_OUTCOMES.get(difference(found), "inconclusive")
        figures = [figure(point, statistic) if point else None for point in points]
        pairs.append(Pair(statistic, figures[0], figures[1], None if why else found, word, why))
    return Line(entry, concurrency, *points, tuple(pairs))


def _point(analysis: Analysis, key: Key) -> Point | None:
    entry = next((e for e in analysis.comparison.entries if e.name == key[0]), None)
    return entry.at(key[1].concurrency) if entry else None


def _doubt(a: Point | None, b: Point | None) -> str:
    """Why two points cannot be compared, or nothing."""
    sides = (("A", a), ("B", b))
    absent = [name for name, point in sides if point is None]
    if absent:
        return f"not in {' and '.join(absent)}"
    wrong = [name for name, point in sides if point is not None and not point.valid]
    return f"INVALID in {' and '.join(wrong)}" if wrong else ""


def _ratio(a: Analysis, b: Analysis, key: Key, statistic: str) -> Estimate | None:
    """How many times faster B is (less time, or more requests a second); None where a run lacks the statistic."""
    mine, other = (analysis.evidence.sampled.get(key, {}).get(statistic) for analysis in (a, b))
    if mine is None or other is None:
        return None
    noise = max(analysis.evidence.noise[statistic] for analysis in (a, b))
    other = _independent(other)
    return ratio(other, mine, noise) if statistic == "throughput" else ratio(mine, other, noise)


def _independent(sampled: Sampled) -> Sampled:
    """Two runs of one seed draw the same blocks; shuffled, the replicates of one are independent of the other's."""
    return replace(sampled, replicates=np.random.default_rng(0).permutation(sampled.replicates))
