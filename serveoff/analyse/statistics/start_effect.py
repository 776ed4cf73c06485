"""What a start adds: processes of one deployment differ by more than their slices explain, and an interval holds that.

Three to five starts say little of one deployment, so the variance between starts is pooled: by framework, or over the
run where a framework's starts have too few degrees of freedom. What a start has in common with the others' at the same
time is the machine's, and is taken out first. Of the variance that is left the slices explain a part; the rest is
divided by the number of starts (Kalibera and Jones, *Rigorous Benchmarking in Reasonable Time*, 2013). How well it is
known goes in by drawing it: the variance is MS v / chi2(v), so that its effects have the width of Student's t.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from serveoff.analyse.statistics.estimates import Array
from serveoff.analyse.statistics.sampled import Sampled

MIN_DEGREES: Final = 8.0
"""Degrees of freedom that a framework's own starts must have."""
MIN_DEPLOYMENTS: Final = 3
"""From how many deployments on one can tell what starts have in common."""
SWEEPS: Final = 10

Point = tuple[str, Sampled]
"""A deployment and one statistic of one of its points."""


@dataclass(frozen=True)
class Excess:
    """How the starts of some deployments differ: mean square, its degrees of freedom, and what slices explain of it.

    All of the logarithm of one statistic.
    """

    mean_square: float
    degrees: float
    explained: float

    @property
    def deviation(self) -> float:
        """The standard deviation of starts beyond their slices; 0 where slices explain it all."""
        return float(np.sqrt(max(self.mean_square - self.explained, 0.0)))

    def drawn(self, random: np.random.Generator, size: int) -> Array:
        """Standard deviations of starts as they may be, (size,)."""
        variance = self.mean_square * self.degrees / random.chisquare(self.degrees, size)
        found: Array = np.sqrt(np.maximum(variance - self.explained, 0.0))
        return found


def excesses(points: Sequence[Point], framework_of: Mapping[str, str]) -> dict[str, Excess]:
    """By framework, and under the empty name over the run; what has no degree of freedom is absent."""
    repeated = [(deployment, s) for deployment, s in points if len(s.starts) > 1]
    apart = _apart(repeated)
    found = {}
    for framework in ("", *sorted(set(framework_of.values()))):
        own = [squares for name, squares in apart.items() if framework in ("", framework_of.get(name))]
        if sum(degrees for _, degrees, _ in own) > 0:
            found[framework] = _pooled(own)
    return found


def with_effects(
    points: Sequence[Point], found: Mapping[str, Excess], framework_of: Mapping[str, str], seed: Sequence[int]
) -> list[Sampled]:
    """The points with what a start adds: one draw a deployment, the same for all of its points."""
    return [_with_effect(name, sampled, _of(framework_of.get(name, ""), found), seed) for name, sampled in points]


def _of(framework: str, found: Mapping[str, Excess]) -> tuple[str, Excess] | None:
    own, all_ = found.get(framework), found.get("")
    if own is not None and own.degrees >= MIN_DEGREES:
        return framework, own
    return None if all_ is None else ("", all_)


def _with_effect(deployment: str, sampled: Sampled, known: tuple[str, Excess] | None, seed: Sequence[int]) -> Sampled:
    if known is None:
        return sampled
    framework, excess = known
    size = sampled.slices.size
    deviation = excess.drawn(np.random.default_rng([*seed, zlib.crc32(framework.encode())]), size)
    own = np.random.default_rng([*seed, 1, zlib.crc32(deployment.encode())]).standard_normal(size)
    effect = own * deviation / np.sqrt(max(len(sampled.starts), 1))
    return replace(sampled, start=effect.astype(np.float32).astype(np.float64))


def _pooled(own: Iterable[tuple[float, float, float]]) -> Excess:
    squares, degrees, explained = (np.array(values) for values in zip(*own, strict=True))
    total = float(degrees.sum())
    return Excess(float(squares.sum()) / total, total, float((explained * degrees).sum()) / total)


def _apart(points: Sequence[Point]) -> dict[str, tuple[float, float, float]]:
    """Of each deployment: the sum of squares between its starts, degrees of freedom, and the variance by its slices."""
    deployments: dict[str, list[Sampled]] = {}
    for deployment, sampled in points:
        deployments.setdefault(deployment, []).append(sampled)
    shares = len(deployments) >= MIN_DEPLOYMENTS
    common = _common(deployments) if shares else {}
    noise = _common_noise(deployments) if shares else {}
    left = 1 - 1 / len(deployments) if shares else 1.0
    return {name: _of_deployment(own, common, noise, left) for name, own in deployments.items()}


def _of_deployment(
    own: Sequence[Sampled], common: Mapping[int, float], noise: Mapping[int, Array], left: float
) -> tuple[float, float, float]:
    squares, degrees, explained = [], [], []
    for sampled in own:
        rest = np.array([of.log - common.get(start, 0.0) for start, of in sampled.starts.items()])
        squares.append(float(((rest - rest.mean()) ** 2).sum()))
        degrees.append((rest.size - 1) * left)
        explained += [float((of.deviations - noise.get(start, 0.0)).var()) for start, of in sampled.starts.items()]
    return float(np.mean(squares)), float(np.mean(degrees)), float(np.mean(explained))


def _common(deployments: Mapping[str, Sequence[Sampled]]) -> dict[int, float]:
    """By how much each start was slower for all: the points' own levels and the starts' taken out in turns."""
    common: dict[int, float] = {}
    for _ in range(SWEEPS):
        left: dict[int, list[float]] = {}
        for own in deployments.values():
            for start, value in _residuals(own, common).items():
                left.setdefault(start, []).append(value)
        common = {start: common.get(start, 0.0) + float(np.mean(values)) for start, values in left.items()}
    return common


def _residuals(own: Sequence[Sampled], common: Mapping[int, float]) -> dict[int, float]:
    found: dict[int, list[float]] = {}
    for sampled in own:
        rest = {start: of.log - common.get(start, 0.0) for start, of in sampled.starts.items()}
        level = float(np.mean(list(rest.values())))
        for start, value in rest.items():
            found.setdefault(start, []).append(value - level)
    return {start: float(np.mean(values)) for start, values in found.items()}


def _common_noise(deployments: Mapping[str, Sequence[Sampled]]) -> dict[int, Array]:
    """What the replicates of all deployments have in common, by start, (START_RESAMPLES,)."""
    found: dict[int, list[Array]] = {}
    for own in deployments.values():
        for start in {start for sampled in own for start in sampled.starts}:
            drawn = [s.starts[start].deviations for s in own if start in s.starts]
            found.setdefault(start, []).append(np.mean(drawn, axis=0))
    return {start: np.mean(values, axis=0) for start, values in found.items()}
