"""What a start adds: processes of one deployment differ by more than their slices explain, and an interval holds that.

What the starts of one time have in common is the machine's, and is taken out first. How far a start still lies from
its deployment's level has two parts: what its slices explain, which is known of each start, and an effect of the start
itself, whose standard deviation is not. That is the random-effects model of a meta-analysis (DerSimonian and Laird
1986): a start whose slices say much tells much of it. Three to five starts say little of one deployment, so those of
one server and framework are taken together, and the deviation is drawn from its posterior by their restricted
likelihood and a half-Cauchy prior (Gelman, *Bayesian Analysis* 2006) of the scale that was measured of processes alike.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from serveoff.analyse.statistics.estimates import Array
from serveoff.analyse.statistics.sampled import Sampled

PRIOR: Final = 0.03
"""Half of all deployments' starts are expected to differ by less: processes of one deployment were seen to by 0 to
0.04."""
GRID: Final = np.linspace(0.0, 1.0, 1001) ** 2
"""Deviations that the posterior is told at; finer where they are small."""
MIN_DEPLOYMENTS: Final = 2
"""From how many deployments on one can tell what starts have in common."""
SWEEPS: Final = 10

Point = tuple[str, Sampled]
"""A deployment and one statistic of one of its points."""


@dataclass(frozen=True)
class Excess:
    """How the starts of some deployments differ beyond their slices: the posterior of a deviation of logarithms."""

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
class _Repeated:
    """One point of several starts, without what these have in common: its logarithms and their variances by slices."""

    deployment: str
    logs: Array
    explained: Array
    left: float
    """What share of its own variation is left once the common part is taken out."""

    def likelihood(self) -> Array:
        """The logarithm of the restricted likelihood at each deviation of GRID."""
        weights = 1 / (GRID[:, None] ** 2 + self.explained + 1e-12)
        total = weights.sum(axis=1)
        level = (weights * self.logs).sum(axis=1) / total
        squares = (weights * (self.logs - level[:, None]) ** 2).sum(axis=1)
        found: Array = self.left * (np.log(weights).sum(axis=1) - np.log(total) - squares) / 2
        return found


def excesses(points: Sequence[Point], group_of: Mapping[str, str]) -> dict[str, Excess]:
    """By group of deployments, and under the empty name over the run; empty where nothing started twice."""
    repeated = _repeated([(deployment, s) for deployment, s in points if len(s.starts) > 1])
    if not repeated:
        return {}
    groups = {group_of.get(r.deployment, "") for r in repeated} - {""}
    own = {group: [r for r in repeated if group_of.get(r.deployment) == group] for group in groups}
    return {name: _posterior(members) for name, members in sorted({**own, "": repeated}.items())}


def with_effects(
    points: Sequence[Point], found: Mapping[str, Excess], group_of: Mapping[str, str], seed: Sequence[int]
) -> list[Sampled]:
    """The points with what a start adds: one draw a deployment, the same for all of its points."""
    return [_with_effect(name, sampled, group_of.get(name, ""), found, seed) for name, sampled in points]


def _with_effect(
    deployment: str, sampled: Sampled, group: str, found: Mapping[str, Excess], seed: Sequence[int]
) -> Sampled:
    known = group if group in found else ""
    if known not in found:
        return sampled
    size = sampled.slices.size
    deviation = found[known].drawn(np.random.default_rng([*seed, zlib.crc32(known.encode())]), size)
    own = np.random.default_rng([*seed, 1, zlib.crc32(deployment.encode())]).standard_normal(size)
    effect = own * deviation / np.sqrt(max(len(sampled.starts), 1))
    return replace(sampled, start=effect.astype(np.float32).astype(np.float64))


def _posterior(repeated: Iterable[_Repeated]) -> Excess:
    """Points of one deployment share its starts: of several, the mean."""
    by_deployment: dict[str, list[Array]] = {}
    for one in repeated:
        by_deployment.setdefault(one.deployment, []).append(one.likelihood())
    logs = np.sum([np.mean(own, axis=0) for own in by_deployment.values()], axis=0) - np.log1p((GRID / PRIOR) ** 2)
    density = np.exp(logs - logs.max()) * np.gradient(GRID)
    return Excess(density / density.sum())


def _repeated(points: Sequence[Point]) -> list[_Repeated]:
    if len({deployment for deployment, _ in points}) < MIN_DEPLOYMENTS:
        return [_without(name, sampled, {}, {}, 1.0) for name, sampled in points]
    weights = [_weight(sampled) for _, sampled in points]
    common, noise = _common(points, weights), _common_noise(points, weights)
    left = [1 - weight / sum(weights) for weight in weights]
    return [_without(name, s, common, noise, share) for (name, s), share in zip(points, left, strict=True)]


def _without(
    deployment: str, sampled: Sampled, common: Mapping[int, float], noise: Mapping[int, Array], left: float
) -> _Repeated:
    logs = np.array([of.log - common.get(start, 0.0) for start, of in sampled.starts.items()])
    explained = np.array([(of.deviations - noise.get(start, 0.0)).var() for start, of in sampled.starts.items()])
    return _Repeated(deployment, logs / np.sqrt(left), explained / left, left)


def _weight(sampled: Sampled) -> float:
    """What a point says of what starts have in common: less, the less is known of its starts."""
    return 1 / (PRIOR**2 + float(np.mean([of.deviations.var() for of in sampled.starts.values()])))


def _common(points: Sequence[Point], weights: Sequence[float]) -> dict[int, float]:
    """By how much each start was slower for all: the points' own levels and the starts' taken out in turns."""
    common: dict[int, float] = {}
    for _ in range(SWEEPS):
        left: dict[int, list[tuple[float, float]]] = {}
        for (_, sampled), weight in zip(points, weights, strict=True):
            rest = {start: of.log - common.get(start, 0.0) for start, of in sampled.starts.items()}
            level = float(np.mean(list(rest.values())))
            for start, value in rest.items():
                left.setdefault(start, []).append((value - level, weight))
        common = {start: common.get(start, 0.0) + _mean(values) for start, values in left.items()}
    return common


def _mean(values: Sequence[tuple[float, float]]) -> float:
    return float(np.average([value for value, _ in values], weights=[weight for _, weight in values]))


def _common_noise(points: Sequence[Point], weights: Sequence[float]) -> dict[int, Array]:
    """What the replicates of all points have in common, by start, (START_RESAMPLES,)."""
    found: dict[int, list[tuple[Array, float]]] = {}
    for (_, sampled), weight in zip(points, weights, strict=True):
        for start, of in sampled.starts.items():
            found.setdefault(start, []).append((of.deviations, weight))
    return {
        start: np.average([drawn for drawn, _ in own], axis=0, weights=[weight for _, weight in own])
        for start, own in found.items()
    }
