"""One point of a run, its slices resampled: percentiles over all rows, throughput, and CPU per request."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from serveoff.analyse.statistics.draws import Draws, Unit, degrees, student
from serveoff.analyse.statistics.estimates import ALL_PERCENTILES, Z_95, Array, Estimate, stored
from serveoff.analyse.statistics.quantiles import Counts, crossings, cumulative, grid_of
from serveoff.record.percentiles import CONFIDENCE, min_samples

START_RESAMPLES: Final = 400
"""Draws that the slices' share in how starts differ is told from."""
LEAST: Final = 1e-9


@dataclass(frozen=True)
class SliceSample:
    """The good answers of one slice. Latencies are seconds from when a request was due, (n,)."""

    start: int
    round: int
    latency_s: Array
    sent_s: Array
    """The same from when it was truly sent: less, where an open loop sent late."""
    due_s: Array
    """When each was due, since the slice's window began."""
    duration_s: float
    cpu_s: float | None = None
    served: int | None = None
    """Answers that `cpu_s` is of."""
    stretch: int | None = None
    """Which start of the run's contenders the round was of: other than `start` of what was started once, for all."""

    @property
    def unit(self) -> Unit:
        """What it is resampled with, as all slices of its round are."""
        return self.start if self.stretch is None else self.stretch, self.round


@dataclass(frozen=True)
class OfStart:
    """One start's logarithm of a statistic, and how its replicates lie around it, (START_RESAMPLES,)."""

    log: float
    deviations: Array
    rounds: int = 1
    """Slices that the start has of the point."""


@dataclass(frozen=True)
class Sampled:
    """One positive statistic of one point, and logarithms of its replicates over its value, (RESAMPLES,) each."""

    value: float
    slices: Array
    """By drawing the rounds of its starts again: how these very processes may differ."""
    start: Array
    """What a start adds: serveoff.analyse.statistics.start_effect. Zeros where nothing is known of it."""
    samples: int
    starts: Mapping[int, OfStart] = field(default_factory=dict)
    """By the start's number; not kept in analysis.json."""
    machine: float = 0.0
    """The standard error that the machine's drift adds, in common to the whole run: it cancels in ratios."""
    rounds: int = 0
    degrees: int = 0
    """Of freedom, that `slices` are told with. Neither is kept in analysis.json."""

    @property
    def deviations(self) -> Array:
        """Of the deployment: slices and starts."""
        return self.slices + self.start


def estimate(sampled: Sampled) -> Estimate:
    """The value with its 95% interval; without bounds where nothing says how far it may be off."""
    deviations, drift = sampled.deviations, Z_95 * sampled.machine
    if not deviations.any():
        return Estimate(sampled.value, None, None, sampled.samples)
    low, high = np.quantile(deviations, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    below, above = math.exp(-math.hypot(min(low, 0.0), drift)), math.exp(math.hypot(max(high, 0.0), drift))
    return Estimate(sampled.value, sampled.value * below, sampled.value * above, sampled.samples)


def resample(slices: Sequence[SliceSample], draws: Draws) -> dict[str, Sampled]:
    """Every statistic of one point by the run's draws; one with too few samples, or without a reading, is absent.

    Keys: those of ALL_PERCENTILES, `throughput` (requests a second) and `cpu` (seconds a request). `start` is left at
    zeros.
    """
    slices = [s for s in slices if s.duration_s > 0]
    answered = [s for s in slices if s.latency_s.size]
    if not answered:
        return {}
    whole = _Units(slices, draws)
    found = _percentiles(answered, whole.of(answered))
    counts, lasted = np.array([float(s.latency_s.size) for s in slices]), np.array([s.duration_s for s in slices])
    found["throughput"] = whole.ratio(counts, lasted, int(counts.sum()))
    known = [s for s in slices if s.cpu_s is not None and s.served]
    used, served = np.array([s.cpu_s or 0.0 for s in known]), np.array([float(s.served or 0) for s in known])
    if used.sum() > 0:
        found["cpu"] = whole.of(known).ratio(used, served, int(served.sum()))
    return found


class _Units:
    """The units of a point's slices with their weights, and how statistics of sums over them are resampled."""

    def __init__(self, slices: Sequence[SliceSample], draws: Draws) -> None:
        self._slices, self._draws = slices, draws
        units = sorted({s.unit for s in slices})
        self.number = {unit: number for number, unit in enumerate(units)}
        self.index = np.array([self.number[s.unit] for s in slices], dtype=np.int64)
        self.weights = draws.of(units) if units else np.empty((0, 0))
        self.by_start: dict[int, list[int]] = {}
        for unit, start in sorted({s.unit: s.start for s in slices}.items()):
            self.by_start.setdefault(start, []).append(self.number[unit])
        self._degrees = degrees(units)
        self._wider = draws.scale(units) * student(self._degrees)
        self._scale = {s: draws.scale([units[i] for i in numbers]) for s, numbers in self.by_start.items()}

    def of(self, slices: Sequence[SliceSample]) -> "_Units":
        """Those of some of its slices: mostly of all."""
        return self if len(slices) == len(self._slices) else _Units(slices, self._draws)

    def parts(self) -> list[tuple[list[int], int | None]]:
        """All units with all draws, then those of each start with some."""
        return [(list(range(len(self.number))), None), *((n, START_RESAMPLES) for n in self.by_start.values())]

    def _sums(self, values: Array) -> Array:
        return np.bincount(self.index, weights=values, minlength=len(self.number)).astype(np.float64)

    def ratio(self, over_slices: Array, under_slices: Array, samples: int) -> Sampled:
        """The sum of one value a slice over that of another."""
        over, under = self._sums(over_slices), self._sums(under_slices)

        def part(numbers: Sequence[int], draws: int | None) -> tuple[float, Array]:
            weights = self.weights[:draws, numbers]
            drawn = (weights @ over[numbers]) / (weights @ under[numbers])
            return float(over[numbers].sum() / under[numbers].sum()), drawn

        return self.sampled(part, float(over.sum() / under.sum()), samples)

    def sampled(
        self, part: Callable[[Sequence[int], int | None], tuple[float, Array]], value: float, samples: int
    ) -> Sampled:
        """A statistic by what it is, and so many of its replicates are, over some of the units."""
        (numbers, draws), *of_starts = self.parts()
        deviations = _deviations(*part(numbers, draws)) * self._wider
        starts = {}
        for start, (numbers, draws) in zip(self.by_start, of_starts, strict=True):
            plain, drawn = part(numbers, draws)
            if not plain:
                continue  # nothing was answered
            varied = _deviations(plain, drawn) * self._scale[start]
            starts[start] = OfStart(float(np.log(max(plain, LEAST))), varied, len(numbers))
        kept, none = stored(deviations), np.zeros(deviations.size)
        return Sampled(value, kept, none, samples, starts, rounds=len(self.number), degrees=self._degrees)


def _deviations(plain: float, drawn: Array) -> Array:
    logs: Array = np.log(np.maximum(drawn, LEAST) / max(plain, LEAST))
    return logs


def _percentiles(slices: Sequence[SliceSample], units: _Units) -> dict[str, Sampled]:
    latency = np.concatenate([s.latency_s for s in slices])
    of_row = np.repeat(units.index, [s.latency_s.size for s in slices])
    grid = grid_of(latency)
    counts = cumulative(latency, of_row, len(units.number), grid)
    weights = units.weights.astype(np.float32)
    drawn: dict[tuple[int | None, ...], tuple[Counts, Counts]] = {
        (draws, *numbers): (counts[numbers].sum(axis=0, keepdims=True), weights[:draws, numbers] @ counts[numbers])
        for numbers, draws in units.parts()
    }
    found = {}
    for name, quantile in ALL_PERCENTILES.items():
        if latency.size < min_samples(quantile):
            continue

        def part(numbers: Sequence[int], draws: int | None, q: float = quantile) -> tuple[float, Array]:
            plain, weighted = drawn[(draws, *numbers)]
            return float(crossings(grid, plain, q)[0]), crossings(grid, weighted, q)

        found[name] = units.sampled(part, float(np.quantile(latency, quantile)), latency.size)
    return found
