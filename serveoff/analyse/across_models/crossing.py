"""The model cost at which a server stops mattering: interpolated between measured models, with an interval.

A line has, at each model, the server's part of the latency (seconds over the floor) and what that must fall below: a
share of the floor of its format, or the difference between formats. Between two neighbouring models the server's part
is taken to go straight over the logarithm of the model's cost, and its bound to be a power of that cost: a server that
adds the same to every model is met exactly, and so is one that adds more to larger requests as long as it does so
steadily. The last model at which the part is over its bound, and the next one, bracket the crossing; outside of the
measured models nothing is said.

The interval is the crossing's own over draws of all figures that go into it: each is drawn on its own from its 95%
interval, the two halves of which are taken for normal on the scale of logarithms. Those intervals hold the bootstrap's
spread and the noise between rounds (serveoff.analyse.statistics.estimates). What they do not hold is the shape between
two models: the nearer these lie to the crossing, the less of it is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from serveoff.analyse.across_models.summary import MATTERS, Crossing
from serveoff.analyse.statistics.estimates import CONFIDENCE, Z_95, Array, Estimate

DRAWS: Final = 2000
BISECTIONS: Final = 50
LEAST_S: Final = 1e-9
"""A difference between formats of nothing, or less in a draw, has no logarithm."""


@dataclass(frozen=True)
class At:
    """One line at one model. Costs are seconds."""

    model: str
    cost: Estimate
    """Of the model: its fastest static format in process."""
    floor: Estimate
    """Of the line's own format."""
    overhead: Estimate
    """The line's latency over that floor."""
    formats: Estimate | None = None
    """The slowest static format's floor over the fastest one's."""


def under_latency(line: Sequence[At], seed: int) -> Crossing:
    """Where the server's part falls under a tenth of the latency. `line` is cheapest model first."""
    return _crossing(line, seed, _over_share)


def under_formats(line: Sequence[At], seed: int) -> Crossing:
    """Where the server's part falls under the difference between formats, over the models that have one."""
    return _crossing([at for at in line if at.formats is not None], seed, _over_formats)


@dataclass(frozen=True)
class _Path:
    """A line's figures, (models, draws): the server's part in seconds, and what it must fall below."""

    log_cost: Array
    part: Array
    log_bound: Array

    def excess(self, index: npt.NDArray[np.int64], share: Array) -> Array:
        """By how much it is over, so far (0 to 1) from model `index` to the next, one for each draw."""
        part, log_bound = (_between(values, index, share) for values in (self.part, self.log_bound))
        return part - np.exp(log_bound)


Read = Callable[[Sequence[At], np.random.Generator | None], _Path]


def _over_share(line: Sequence[At], rng: np.random.Generator | None) -> _Path:
    floor, cost, overhead = (_drawn([getattr(at, name) for at in line], rng) for name in ("floor", "cost", "overhead"))
    same = np.array([[at.floor == at.cost] for at in line])
    log_cost = np.log(np.where(same, floor, cost))  # one figure is not drawn twice
    return _Path(log_cost, (overhead - 1) * floor, np.log(floor * MATTERS / (1 - MATTERS)))


def _over_formats(line: Sequence[At], rng: np.random.Generator | None) -> _Path:
    plain = _over_share(line, rng)
    formats = _drawn([at.formats for at in line if at.formats is not None], rng)
    apart = np.maximum((formats - 1) * np.exp(plain.log_cost), LEAST_S)
    return _Path(plain.log_cost, plain.part, np.log(apart))


def _crossing(line: Sequence[At], seed: int, read: Read) -> Crossing:
    if len(line) < 2:
        return Crossing(state="unknown")
    (cost_s,), (last,) = _costs(read(line, None))
    drawn, _ = _costs(read(line, np.random.default_rng(seed)))
    low_s, high_s = _interval(drawn)
    if last < 0:
        return Crossing(state="under", high_s=high_s, lower=line[0].model)
    if last == len(line) - 1:
        return Crossing(state="not reached", low_s=low_s, upper=line[-1].model)
    sides = {"lower": line[last].model, "upper": line[last + 1].model}
    return Crossing(state="between", cost_s=float(cost_s), low_s=low_s, high_s=high_s, **sides)


def _drawn(estimates: Sequence[Estimate], rng: np.random.Generator | None) -> Array:
    """(estimates, draws) of each figure from its interval; without a generator the figures themselves."""
    if rng is None:
        return np.array([[estimate.value or 0.0] for estimate in estimates])
    return np.array([_draws(estimate, rng.standard_normal(DRAWS)) for estimate in estimates])


def _draws(estimate: Estimate, normal: Array) -> Array:
    value = estimate.value or 0.0
    above = math.log((estimate.high or value) / value) / Z_95
    below = math.log(value / (estimate.low or value)) / Z_95
    drawn: Array = value * np.exp(normal * np.where(normal > 0, above, below))
    return drawn


def _costs(path: _Path) -> tuple[Array, npt.NDArray[np.int64]]:
    """The cost at which each draw crosses, and the last model at which it is over; 0 and -1 where it is at none.

    Infinite where the most expensive model is over.
    """
    models, draws = path.part.shape
    over = path.part > np.exp(path.log_bound)
    last = np.where(over.any(axis=0), models - 1 - np.argmax(over[::-1], axis=0), -1)
    index = np.clip(last, 0, models - 2)
    # Along a segment the excess is a straight line less an exponential: concave, so it has one root between its signs.
    low, high = np.zeros(draws), np.ones(draws)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        still = path.excess(index, middle) > 0
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    cost = np.exp(_between(path.log_cost, index, (low + high) / 2))
    return np.where(last < 0, 0.0, np.where(last == models - 1, np.inf, cost)), last


def _between(values: Array, index: npt.NDArray[np.int64], share: Array) -> Array:
    draws = np.arange(values.shape[1])
    start, end = values[index, draws], values[index + 1, draws]
    between: Array = start + share * (end - start)
    return between


def _interval(costs: Array) -> tuple[float | None, float | None]:
    ordered = np.sort(costs)
    tail = round(costs.size * (1 - CONFIDENCE) / 2)
    low_s, high_s = (float(cost) if 0 < cost < math.inf else None for cost in (ordered[tail], ordered[-tail - 1]))
    return low_s, high_s
