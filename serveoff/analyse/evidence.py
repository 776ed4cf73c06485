"""The judged points of a run, and the one place that says how two of them compare."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from serveoff.analyse.entries import Entry, Key, Point
from serveoff.analyse.statistics.common_drift import Slowness
from serveoff.analyse.statistics.estimates import Z_95, Estimate, inverse
from serveoff.analyse.statistics.max_t import differences_seen, ratios
from serveoff.analyse.statistics.sampled import Sampled
from serveoff.analyse.statistics.start_effect import StartEffects
from serveoff.analyse.studies.ceiling import Ceiling
from serveoff.analyse.verdict import Outcome, difference
from serveoff.loadtests.loads import Load
from serveoff.record.roles import Role


@dataclass(frozen=True)
class Measure:
    """An objective: which statistic, at which point of an endpoint, and whether more is better."""

    objective: str
    statistic: str
    point: Callable[[Entry], Point | None]
    more_is_better: bool = False


LATENCY, TAIL, THROUGHPUT, COST = MEASURES = (
    Measure("latency", "p50", lambda entry: entry.alone),
    Measure("tail", "p99", lambda entry: entry.alone),
    Measure("throughput", "throughput", lambda entry: entry.best, more_is_better=True),
    Measure("cost", "cpu", lambda entry: entry.best),
)


@dataclass(frozen=True)
class Pair:
    """One point against another on one objective; `ratio` says how many times better the first is."""

    ratio: Estimate
    """Of the deployments, with what a start adds: its verdict holds together with those of all pairs of its family."""
    outcome: Outcome


PairKey = tuple[str, Key, Key]
KeyPair = tuple[Key, Key]


@dataclass(frozen=True)
class Evidence:
    """The judged entries, the resampled statistics behind them, and the verdict of every pair of points.

    A pair has one verdict in the whole analysis, by its objective. It holds together with those of its family: all
    pairs of candidates of the objective's contest, or where it is not of them, those of
    `alike`.
    """

    entries: Sequence[Entry]
    sampled: Mapping[Key, Mapping[str, Sampled]]
    bound: float = Z_95
    """Standard deviations by which one statistic must move at this look: serveoff.analyse.statistics.max_t.boundary."""
    margin: float = 0.0
    """The difference that a gate of the run allows, as a share: pairs are judged by that as well."""
    starts: Mapping[str, StartEffects] = field(default_factory=dict)
    """Of each statistic, how starts differ."""
    ceiling: Ceiling | None = None
    """What the load generator can drive in an open loop."""
    slower: Mapping[Load, Slowness] = field(default_factory=dict)
    """By how much each round was slower for all, under each plain load."""
    _pairs: dict[PairKey, Pair] = field(default_factory=dict, repr=False, compare=False)

    @property
    def contenders(self) -> list[Entry]:
        """Endpoints that may rank."""
        return [entry for entry in self.entries if entry.role == "contender"]

    def candidates(self, measure: Measure) -> list[Point]:
        """The points of the objective's contest, best first: VALID ones of contenders that have the statistic."""
        points = [point for entry in self.contenders if (point := measure.point(entry)) is not None]
        usable = [p for p in points if p.valid and self._has(measure, p.key)]
        sign = -1 if measure.more_is_better else 1
        return sorted(usable, key=lambda p: sign * self.sampled[p.key][measure.statistic].value)

    def pair(self, measure: Measure, mine: Point | None, other: Point | None) -> Pair | None:
        """How `mine` compares with `other`; None where either does not count, or lacks the statistic."""
        if mine is None or other is None or not (mine.valid and other.valid):
            return None
        key = measure.objective, mine.key, other.key
        if key not in self._pairs:
            if not (self._has(measure, mine.key) and self._has(measure, other.key)):
                return None
            self._judge(measure, self._family(measure, mine.key, other.key))
        return self._pairs[key]

    def between(self, measure: Measure, mine: Entry, other: Entry) -> Pair | None:
        """The same of two endpoints, each at the objective's point."""
        return self.pair(measure, measure.point(mine), measure.point(other))

    def by_rows(self, mine: Entry, other: Entry) -> Iterator[tuple[int, Pair]]:
        """How the medians compare with the fewest callers, for each number of rows a request that both were sent."""
        theirs = {point.load: point for point in (*other.points, *other.others)}
        for point in (*mine.points[:1], *(point for point in mine.others if point.plain_rows)):
            pair = self.pair(LATENCY, point, theirs.get(point.load))
            if pair is not None:
                yield point.load.batch, pair

    def ratio(self, measure: Measure, mine: Point, other: Point, processes: bool = False) -> Estimate | None:
        """How many times less `mine` takes than `other`, where nothing is judged: with the interval of this one."""
        if not all(point.valid and self._has(measure, point.key) for point in (mine, other)):
            return None
        sides = tuple(self.sampled[point.key][measure.statistic] for point in (other, mine))
        return ratios([(sides[0], sides[1])], processes=processes)[0]

    def contrasted(self, measure: Measure) -> dict[tuple[str, str], Pair]:
        """Every pair of the objective's contest, better one first, by the endpoints' names."""
        found = ((a, b, self.pair(measure, a, b)) for a, b in combinations(self.candidates(measure), 2))
        return {(a.endpoint, b.endpoint): pair for a, b, pair in found if pair is not None}

    def differences_seen(self, measure: Measure) -> list[float]:
        """The least difference that would have been seen, as a share, of every pair of the objective's contest."""
        contest = sorted(point.key for point in self.candidates(measure))
        return differences_seen(self._sides(measure, list(combinations(contest, 2))), self.bound, self.margin)

    def _has(self, measure: Measure, key: Key) -> bool:
        return measure.statistic in self.sampled.get(key, {})

    def _judge(self, measure: Measure, family: Sequence[KeyPair]) -> None:
        sides = self._sides(measure, family)
        better = sides if measure.more_is_better else [(b, a) for a, b in sides]
        for (a, b), ratio in zip(family, ratios(better, self.bound, margin=self.margin), strict=True):
            for key, way in (((a, b), ratio), ((b, a), inverse(ratio))):
                self._pairs.setdefault((measure.objective, *key), Pair(way, difference(way)))

    def _sides(self, measure: Measure, family: Sequence[KeyPair]) -> list[tuple[Sampled, Sampled]]:
        return [(self.sampled[a][measure.statistic], self.sampled[b][measure.statistic]) for a, b in family]

    def _family(self, measure: Measure, mine: Key, other: Key) -> list[KeyPair]:
        contest = {point.key for point in self.candidates(measure)}
        if {mine, other} <= contest:
            return list(combinations(sorted(contest), 2))
        turned = {(min(pair), max(pair)) for pair in alike(self.entries, mine, other)}
        known = [(a, b) for a, b in sorted(turned) if not {a, b} <= contest]
        return [(a, b) for a, b in known if self._has(measure, a) and self._has(measure, b)]


def alike(entries: Sequence[Entry], mine: Key, other: Key) -> list[KeyPair]:
    """All pairs of VALID points like this one, itself among them.

    An endpoint under two loads: every endpoint under both. A variant against its base: every variant. Else all
    endpoints of these roles under these loads.
    """
    known = {entry.name: entry for entry in entries}
    valid = {p.key for entry in entries for p in (*entry.points, *entry.others) if p.valid}
    first, second = known[mine[0]].result, known[other[0]].result
    if first is second:
        found = [((name, mine[1]), (name, other[1])) for name in known]
    elif first.base == second.endpoint:
        found = [((e.name, mine[1]), (e.result.base, other[1])) for e in entries if e.result.base]
    elif second.base == first.endpoint:
        found = [((e.result.base, mine[1]), (e.name, other[1])) for e in entries if e.result.base]
    else:
        found = _of_roles(entries, (known[mine[0]].role, mine), (known[other[0]].role, other))
    return [(a, b) for a, b in found if a in valid and b in valid]


def _of_roles(entries: Sequence[Entry], mine: tuple[Role, Key], other: tuple[Role, Key]) -> list[KeyPair]:
    (role, (_, load)), (other_role, (_, other_load)) = mine, other
    ours = [(entry.name, load) for entry in entries if entry.role == role]
    if (role, load) == (other_role, other_load):
        return list(combinations(ours, 2))
    theirs = [(entry.name, other_load) for entry in entries if entry.role == other_role]
    return [(a, b) for a in ours for b in theirs if a[0] != b[0]]
