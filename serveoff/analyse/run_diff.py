"""One run against another: every figure that both have, its ratio, and how sure that is.

The ratio is of both runs' resampled statistics, with verdicts that hold for all endpoints and loads of one statistic
together (`serveoff.analyse.statistics.max_t`). Two runs share no rounds and no starts, so nothing cancels; where a run
started its deployments once, processes are taken to differ by as much as they were seen to elsewhere. What no run can
know of itself is that the whole machine was slower on another day: the interval does not hold that, and the page says
so.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from serveoff.analyse.analysis import Analysis
from serveoff.analyse.entries import Entry, Key, Point
from serveoff.analyse.ranking import figure
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.statistics.max_t import ratios
from serveoff.analyse.statistics.sampled import Sampled
from serveoff.analyse.statistics.start_effect import PRIOR
from serveoff.analyse.verdict import Outcome, difference
from serveoff.loadtests.loads import closed
from serveoff.record.attached import ATTACHED
from serveoff.record.problems import Problem, RequestCode

PairOutcome = Outcome | Literal["not comparable", "withheld"]
PAIR_OUTCOMES: Final[tuple[PairOutcome, ...]] = ("faster", "slower", "tied", "undecided")
STATISTICS: Final = ("p50", "p99", "throughput")
Ratios = Mapping[Key, Estimate]
Both = tuple[Point | None, Point | None]
"""One endpoint under one load in either run."""
Failed = tuple[Problem | None, Problem | None]
"""Why it has no point, of either run."""
NOT_ASKED: Final = frozenset(RequestCode) - {RequestCode.LEFT_ALONE}
"""Why a run sends an endpoint nothing though nothing went wrong with it."""


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
    failed: Problem | None = None
    """Why B has no point though it asked for one: its server did not start, or ended."""

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
        return {word: said.count(word) for word in dict.fromkeys((*PAIR_OUTCOMES, *said)) if word in said}


def versus(a: Analysis, b: Analysis, different_machines: bool = False) -> Versus:
    """Set run B against run A; ratios of different machines only where they are asked for."""
    machines = [analysis.comparison.suite.environment.machine.id for analysis in (a, b)]
    models = [analysis.comparison.suite.settings.model for analysis in (a, b)]
    same_machine = machines[0] == machines[1]
    withheld = not (same_machine or different_machines)
    points = [{point.key: point for point in analysis.comparison.points} for analysis in (a, b)]
    entries = {entry.name: entry for entry in (*b.comparison.entries, *a.comparison.entries)}
    pairs = {key: (points[0].get(key), points[1].get(key)) for key in _keys(a, b)}
    ours = frozenset(name for name, entry in entries.items() if entry.result.server != ATTACHED)
    found = {statistic: _ratios(a, b, pairs, statistic, ours) for statistic in STATISTICS}
    failed = {key: (_failed(a, key), _failed(b, key)) for key in pairs}
    lines = tuple(_line(entries[key[0]], key, both, failed[key], found, withheld) for key, both in pairs.items())
    return Versus(a, b, lines, same_machine, models[0] == models[1], withheld)


def _keys(a: Analysis, b: Analysis) -> list[Key]:
    """Of A's entries, then those that only B has, each at every concurrency of either run."""
    concurrencies: dict[str, set[int]] = {}
    for entry in (*a.comparison.entries, *b.comparison.entries):
        concurrencies.setdefault(entry.name, set()).update(point.concurrency for point in entry.points)
    return [(name, closed(concurrency)) for name, found in concurrencies.items() for concurrency in sorted(found)]


def _failed(analysis: Analysis, key: Key) -> Problem | None:
    """Why an endpoint could not be measured in a run; None where it was, is not in it, or was not asked for this."""
    (name, load), suite = key, analysis.comparison.suite
    result = suite.endpoint(name) if load.concurrency in suite.settings.concurrencies else None
    problem = result.unavailable if result is not None else None
    return None if problem is None or problem.code in NOT_ASKED else problem


def _line(
    entry: Entry, key: Key, points: Both, failed: Failed, ratios_of: Mapping[str, Ratios], withheld: bool
) -> Line:
    doubt = _doubt(points, failed)
    pairs = []
    for statistic in STATISTICS:
        found = ratios_of[statistic].get(key)
        why = doubt or ("too few samples" if found is None else "different machines" if withheld else "")
        word: PairOutcome = "withheld" if withheld and found is not None and not doubt else "not comparable"
        if found is not None and not why:
            word = difference(found)
        figures = [figure(point, statistic) if point else None for point in points]
        pairs.append(Pair(statistic, figures[0], figures[1], None if why else found, word, why))
    return Line(entry, key[1].concurrency, *points, tuple(pairs), failed[1] if points[1] is None else None)


def _doubt(points: Both, failed: Failed) -> str:
    """Why two points cannot be compared, or nothing."""
    sides = tuple(zip("AB", points, strict=True))
    absent = {name: problem for (name, point), problem in zip(sides, failed, strict=True) if point is None}
    if absent:
        said = "could not run in" if all(absent.values()) else "not in"
        return f"{said} {' and '.join(absent)}"
    wrong = [name for name, point in sides if point is not None and not point.valid]
    return f"INVALID in {' and '.join(wrong)}" if wrong else ""


def _ratios(
    a: Analysis, b: Analysis, pairs: Mapping[Key, Both], statistic: str, ours: frozenset[str] = frozenset()
) -> Ratios:
    """How many times faster B is (less time, or more requests a second), of what both have and counts in both.

    Of `ours` each run started the processes; others may be the same ones in both.
    """
    sides = {}
    for key, points in pairs.items():
        mine, other = (analysis.evidence.sampled.get(key, {}).get(statistic) for analysis in (a, b))
        if mine is not None and other is not None and all(point is not None and point.valid for point in points):
            other = _independent(other)
            if key[0] in ours:
                mine, other = _started(mine, key[0], 1), _started(other, key[0], 2)
            mine, other = _drifted(mine, 1), _drifted(other, 2)
            sides[key] = (mine, other) if statistic != "throughput" else (other, mine)
    return dict(zip(sides, ratios(list(sides.values())), strict=True))


def _drifted(sampled: Sampled, seed: int) -> Sampled:
    """The machine drifts between two runs as it does within each: one draw a run, the same for all of its points."""
    drawn = sampled.machine * np.random.default_rng(seed).standard_normal(sampled.slices.size)
    return replace(sampled, slices=sampled.slices + drawn)


def _started(sampled: Sampled, endpoint: str, seed: int) -> Sampled:
    """With what a start adds, by what is known of others, where the run started its deployments once."""
    if sampled.start.any() or not sampled.slices.any():
        return sampled
    random = np.random.default_rng([seed, zlib.crc32(endpoint.encode())])
    return replace(sampled, start=PRIOR * random.standard_normal(sampled.slices.size))


def _independent(sampled: Sampled) -> Sampled:
    """Two runs of one seed draw the same; shuffled, the replicates of one are independent of the other's."""
    order = np.random.default_rng(0).permutation(sampled.slices.size)
    return replace(sampled, slices=sampled.slices[order], start=sampled.start[order])
