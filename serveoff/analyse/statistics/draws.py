"""The one set of draws that all figures of a run are resampled by: a weight for every round of every start.

A replicate of the run weighs its rounds anew, within each start, and the same for all endpoints and loads: what a round
did to all of them cancels in every ratio. The weights are Dirichlet's (the Bayesian bootstrap: Rubin 1981), not counts:
they stay above zero, so that a point that has few of the rounds is never left without one. Their parameter is
(n - 2) / n for n rounds, not Rubin's 1, so that a mean varies by just s^2 / n.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtrit

from serveoff.analyse.statistics.estimates import Z_95, Array
from serveoff.record.percentiles import CONFIDENCE

RESAMPLES: Final = 2000
LEAST_SHAPE: Final = 0.25
"""Of the weights of two rounds, which have no parameter that is right."""

Unit = tuple[int, int]
"""Start and round."""


@dataclass(frozen=True)
class Draws:
    """The weights of every unit of a run, (RESAMPLES,) each, of mean 1; and how many rounds each start has."""

    weights: Mapping[Unit, Array]
    rounds: Mapping[int, int]

    def of(self, units: Sequence[Unit]) -> Array:
        """The weights of some units, (RESAMPLES, units): of mean 1 over those of each start, which keeps its share."""
        found = np.stack([self.weights[unit] for unit in units], axis=1)
        starts = np.array([start for start, _ in units])
        for start in set(starts):
            found[:, starts == start] /= found[:, starts == start].mean(axis=1, keepdims=True)
        return found

    def scale(self, units: Sequence[Unit]) -> float:
        """What deviations of a point that has these units must be multiplied by for the variance of its mean.

        Its rounds may be a part of those that the weights were made for. 0 where nothing varies within a start.
        """
        held = Counter(start for start, _ in set(units))
        total = sum(held.values())
        drawn = sum((m / total) ** 2 * (m - 1) / m / (m * _shape(self.rounds[s]) + 1) for s, m in held.items())
        return math.sqrt(1 / total / drawn) if drawn else 0.0


def degrees(units: Iterable[Unit]) -> int:
    """Of freedom, that their variance within starts is told with."""
    known = set(units)
    return len(known) - len({start for start, _ in known})


def student(freedom: int) -> float:
    """By how much deviations must be wider whose variance is told with so many degrees of freedom; 0 for none."""
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) / Z_95 if freedom else 0.0


def draw(units: Iterable[Unit], seed: int) -> Draws:
    """The draws of a run that has these units; the order in which they come does not matter."""
    starts: dict[int, set[int]] = defaultdict(set)
    for start, round_ in units:
        starts[start].add(round_)
    weights: dict[Unit, Array] = {}
    for start, rounds in starts.items():
        raw = {r: np.random.default_rng([seed, start, r]).gamma(_shape(len(rounds)), size=RESAMPLES) for r in rounds}
        total = np.sum(list(raw.values()), axis=0)
        weights |= {(start, r): values * len(rounds) / total for r, values in raw.items()}
    return Draws(weights, {start: len(rounds) for start, rounds in starts.items()})


def _shape(rounds: int) -> float:
    return max((rounds - 2) / rounds, LEAST_SHAPE)
