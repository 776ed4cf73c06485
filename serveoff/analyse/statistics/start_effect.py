"""What a start adds: processes of one deployment differ by more than their slices explain, and an interval holds that.

What the starts of one time have in common is the machine's, and is taken out first: a machine that is slower for a
while slows a quick service by more than a slow one, so it is told of the deployments of one server, and by load. How
far a start still lies from its deployment's level has two parts: what its slices explain, which is known of each start,
and an effect of the start itself, whose standard deviation is not. That is the random-effects model of a meta-analysis
(DerSimonian and Laird 1986): a start whose slices say much tells much of it. Three to five starts say little of one
deployment, so those of one server and framework are taken together, and the deviation is drawn from its posterior by
their restricted likelihood and a half-t prior of four degrees of freedom (Gelman, *Bayesian Analysis* 2006). Its scale
is what was measured of processes alike, or less where all deployments of the run together differ by less. What servers
do not have in common from start to start is an effect of its own: it cancels between the deployments of one server, and
is held by the interval of every other pair.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from serveoff.analyse.statistics.estimates import Array, stored
from serveoff.analyse.statistics.sampled import OfStart, Sampled

PRIOR: Final = 0.03
"""Three in five deployments' starts are expected to differ by less: processes of one deployment were seen to by 0 to
0.04."""
LEAST_PRIOR, MARGIN = PRIOR / 2, 2.0
"""Of a group: so many times what all deployments of the run show together, but no less, and no more than PRIOR."""
FREEDOM: Final = 4
GRID: Final = np.linspace(0.0, 1.0, 1001) ** 2
"""Deviations that the posterior is told at; finer where they are small."""
SEVERAL: Final = 2
"""From how many deployments on one can tell what starts have in common."""
SWEEPS: Final = 10


@dataclass(frozen=True)
class Of:
    """One statistic of one point, and whose starts it tells of."""

    deployment: str
    server: str
    framework: str
    load: str
    sampled: Sampled

    @property
    def group(self) -> str:
        """Deployments whose starts are taken to differ alike."""
        return _group(self.server, self.framework)


@dataclass(frozen=True)
class Excess:
    """How starts differ beyond their slices: the posterior of a standard deviation of logarithms."""

    density: Array
    """Of each deviation of GRID; the sum is 1."""

    @property
    def deviation(self) -> float:
        """The median of the posterior."""
        return float(np.interp(0.5, np.cumsum(self.density), GRID))

    def drawn(self, random: np.random.Generator, size: int) -> Array:
        """Standard deviations of starts as they may be, (size,)."""
        found: Array = np.interp(random.random(size), np.cumsum(self.density), GRID)
        return found


@dataclass(frozen=True)
class StartEffects:
    """Of one statistic: how the starts of deployments differ, and those of servers."""

    run: Excess | None = None
    """Over all deployments; None where none started twice."""
    groups: Mapping[str, Excess] = field(default_factory=dict)
    """By server and framework."""
    servers: Excess | None = None
    """What a server has from start to start and others have not; None where no two have several deployments."""
    together: frozenset[str] = frozenset()
    """The servers of several deployments, which can tell what they have in common."""

    @property
    def deviations(self) -> dict[str, float]:
        """Of the whole `run`, between `servers`, and by group; empty where nothing started twice."""
        named = {"run": self.run, "servers": self.servers, **self.groups}
        return {name: found.deviation for name, found in named.items() if found is not None}

    def of(self, server: str, framework: str) -> Excess | None:
        """That of a server's deployments of a framework."""
        return self.groups.get(_group(server, framework), self.run)


@dataclass(frozen=True)
class _Repeated:
    """Starts without what they have in common with others: their logarithms, and the variances that slices explain."""

    whose: str
    logs: Array
    explained: Array
    left: float
    """What share of its own variation is left once the common part is taken out."""

    def likelihood(self) -> Array:
        """The logarithm of the restricted likelihood at each deviation of GRID."""
        logs, explained = self.logs / np.sqrt(self.left), self.explained / self.left
        weights = 1 / (GRID[:, None] ** 2 + explained + 1e-12)
        total = weights.sum(axis=1)
        level = (weights * logs).sum(axis=1) / total
        squares = (weights * (logs - level[:, None]) ** 2).sum(axis=1)
        found: Array = self.left * (np.log(weights).sum(axis=1) - np.log(total) - squares) / 2
        return found


def excesses(points: Sequence[Of]) -> StartEffects:
    """How starts differ; of nothing where nothing started twice."""
    several = [point for point in points if len(point.sampled.starts) > 1]
    own, servers, together = list[tuple[Of, _Repeated]](), list[_Repeated](), set[str]()
    for same in _split(several, lambda point: point.load).values():
        of_servers = _split(same, lambda point: point.server).items()
        commons = {server: _Common(points) for server, points in of_servers if _several(points)}
        own += _without_common(same, commons)
        servers += _between(commons)
        together |= commons.keys()
    if not own:
        return StartEffects()
    groups = {name: _members(name, own) for name in {point.group for point, _ in own}}
    run = _posterior(left for _, left in own)
    return StartEffects(
        run,
        {name: _posterior(members, _scale(run)) for name, members in sorted(groups.items())},
        _posterior(servers) if servers else None,
        frozenset(together),
    )


def with_effects(points: Sequence[Of], found: StartEffects, seed: Sequence[int]) -> list[Sampled]:
    """The points with what a start adds: one draw a deployment, the same for all of its points.

    Not one of whose slices nothing is known, where it is of others: what a start adds would be all of its interval.
    """
    several = any(point.sampled.slices.any() for point in points)
    unknown = [several and not point.sampled.slices.any() for point in points]
    return [p.sampled if no else _with_effect(p, found, seed) for p, no in zip(points, unknown, strict=True)]


def _with_effect(point: Of, found: StartEffects, seed: Sequence[int]) -> Sampled:
    sampled, own = point.sampled, found.of(point.server, point.framework)
    if own is None:
        return sampled
    size, starts = sampled.slices.size, _shares(sampled)
    effect = _normal(seed, 1, point.deployment, size) * own.drawn(_random(seed, 0, point.group), size)
    effect *= np.linalg.norm(list(starts.values()))
    if found.servers is not None and point.server in found.together:
        each = [share * _normal(seed, 2 + start, point.server, size) for start, share in starts.items()]
        effect += np.sum(each, axis=0) * found.servers.drawn(_random(seed, 0, ""), size)
    return replace(sampled, start=stored(effect))


def _group(server: str, framework: str) -> str:
    return f"{server} {framework}"


def _shares(sampled: Sampled) -> dict[int, float]:
    """What each start counts for in a figure of all slices together: as many as it has of them."""
    rounds = {start: sampled.starts[start].rounds for start in sorted(sampled.starts)} or {0: 1}
    return {start: number / sum(rounds.values()) for start, number in rounds.items()}


def _normal(seed: Sequence[int], kind: int, name: str, size: int) -> Array:
    return _random(seed, kind, name).standard_normal(size)


def _random(seed: Sequence[int], kind: int, name: str) -> np.random.Generator:
    return np.random.default_rng([*seed, kind, zlib.crc32(name.encode())])


def _split(points: Iterable[Of], by: Callable[[Of], str]) -> dict[str, list[Of]]:
    found: dict[str, list[Of]] = {}
    for point in points:
        found.setdefault(by(point), []).append(point)
    return found


def _several(points: Iterable[Of]) -> bool:
    return len({point.deployment for point in points}) >= SEVERAL


def _members(group: str, own: Sequence[tuple[Of, _Repeated]]) -> list[_Repeated]:
    """Those of a group; of a group of one deployment those of its server, where this has several."""
    server = next(point.server for point, _ in own if point.group == group)
    mine = {point.deployment for point, _ in own if point.group == group}
    alike = {point.deployment for point, _ in own if point.server == server}
    chosen = mine if len(mine) >= SEVERAL else alike
    return [left for point, left in own if point.deployment in chosen]


def _scale(run: Excess) -> float:
    """What is expected of a group, by what all deployments of the run show together."""
    return min(max(MARGIN * run.deviation, LEAST_PRIOR), PRIOR)


def _posterior(repeated: Iterable[_Repeated], scale: float = PRIOR) -> Excess:
    """Points of one deployment share its starts: of several, the mean."""
    by_whose: dict[str, list[Array]] = {}
    for one in repeated:
        by_whose.setdefault(one.whose, []).append(one.likelihood())
    logs = np.sum([np.mean(own, axis=0) for own in by_whose.values()], axis=0) - (FREEDOM + 1) / 2 * np.log1p(
        (GRID / scale) ** 2 / FREEDOM
    )
    density = np.exp(logs - logs.max()) * np.gradient(GRID)
    return Excess(density / density.sum())


def _without_common(points: Sequence[Of], commons: Mapping[str, "_Common"]) -> Iterator[tuple[Of, _Repeated]]:
    """The points of one load, without what is common to those of their server, or, where it has one, to all."""
    among_all = _Common(points)
    for point in points:
        left = commons.get(point.server, among_all).taken_from(point)
        if left.logs.size > 1:
            yield point, left


def _between(commons: Mapping[str, "_Common"]) -> Iterator[_Repeated]:
    """What each server of several deployments has and the others have not, under one load."""
    if len(commons) < SEVERAL:
        return
    starts = sorted(set.intersection(*(set(common.logs) for common in commons.values())))
    logs = {name: np.array([common.logs[s] for s in starts]) for name, common in commons.items()}
    noise = {name: np.array([common.noise[s] for s in starts]) for name, common in commons.items()}
    for name in commons if len(starts) > 1 else ():
        left = logs[name] - np.mean(list(logs.values()), axis=0)
        explained = (noise[name] - np.mean(list(noise.values()), axis=0)).var(axis=1)
        yield _Repeated(name, left, explained, 1 - 1 / len(commons))


class _Common:
    """By how much each start was slower for all of some points of one load, and how its replicates vary."""

    def __init__(self, points: Sequence[Of]) -> None:
        self._weights = {id(point): _weight(point.sampled) for point in points}
        self._alone = not _several(points)
        known = [point for point in points if not self._alone]
        every = {start for point in known for start in _known(point.sampled)}
        self.starts = {start for start in every if _several(p for p in known if start in _known(p.sampled))}
        self.logs: dict[int, float] = dict.fromkeys(self.starts, 0.0)
        for _ in range(SWEEPS):
            self.logs = {s: self.logs[s] + change for s, change in self._changes(known).items()}
        self.noise = {
            start: self._mean([(_known(p.sampled)[start].deviations, p) for p in known if start in _known(p.sampled)])
            for start in self.starts
        }

    def taken_from(self, point: Of) -> _Repeated:
        """The starts of one of the points, without what is common; those that nothing else has say nothing of it."""
        of = {s: o for s, o in _known(point.sampled).items() if self._alone or s in self.starts}
        logs = np.array([o.log - self.logs.get(s, 0.0) for s, o in of.items()])
        explained = np.array([(o.deviations - self.noise.get(s, 0.0)).var() for s, o in of.items()])
        share = 0.0 if self._alone else self._weights[id(point)] / sum(self._weights.values())
        return _Repeated(point.deployment, logs, explained, 1 - share)

    def _changes(self, points: Sequence[Of]) -> dict[int, float]:
        left: dict[int, list[tuple[float, Of]]] = {start: [] for start in self.starts}
        for point in points:
            rest = {s: o.log - self.logs[s] for s, o in _known(point.sampled).items() if s in self.starts}
            level = float(np.mean(list(rest.values()))) if rest else 0.0
            for start, value in rest.items():
                left[start].append((value - level, point))
        return {start: float(self._mean(values)) for start, values in left.items()}

    def _mean(self, values: Sequence[tuple[Array | float, Of]]) -> Array:
        weights = [self._weights[id(point)] for _, point in values]
        found: Array = np.average([value for value, _ in values], axis=0, weights=weights)
        return found


def _known(sampled: Sampled) -> Mapping[int, OfStart]:
    """Its starts, without those of a single slice: how far this may be off nobody knows. All, where all are so."""
    known = {start: of for start, of in sampled.starts.items() if of.deviations.any()}
    return known if len(known) > 1 else sampled.starts


def _weight(sampled: Sampled) -> float:
    """What a point says of what starts have in common: less, the less is known of its starts."""
    return 1 / (PRIOR**2 + float(np.mean([of.deviations.var() for of in _known(sampled).values()])))
