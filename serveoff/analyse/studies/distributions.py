"""How latencies lie: the spectrum of percentiles, and counts on one logarithmic grid that all endpoints share."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np

from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.point_estimates import at_mean_speed, measure
from serveoff.analyse.slice_rows import RunRows
from serveoff.analyse.statistics.estimates import ALL_PERCENTILES, Array, deepest
from serveoff.analyse.stored_once import POINT


@dataclass(frozen=True)
class Distribution:
    """How the latencies of one VALID point lie: all answered requests, at the mean speed of the machine. Seconds."""

    point: Annotated[Point, POINT]
    least_s: float
    p10_s: float
    most_s: float
    spectrum: tuple[tuple[float, float], ...]
    """Quantiles (0 to 1) with their latencies, from the median as far as the samples allow."""
    first_bin: int
    counts: tuple[int, ...]
    """Requests in each bin from `first_bin` on, of the grid of serveoff.analyse.studies.distributions."""


BINS_PER_DECADE: Final = 50
"""Neighbouring edges are 4.7% apart, less than what a reader could tell apart in a chart of three decades."""
STEPS_PER_DECADE: Final = 10
"""Points of the spectrum for each factor of ten in 1/(1-q)."""
MEDIAN, LAST = 0.5, max(ALL_PERCENTILES.values())


def study(evidence: Evidence, rows: RunRows) -> tuple[Distribution, ...]:
    """Of every endpoint but variants: the fewest and the most callers, and open loops; in the entries' order."""
    return tuple(found for entry in evidence.entries for found in _distributions(entry, evidence, rows))


def edge_s(number: int) -> float:
    """The lower edge of a bin, in seconds; its upper edge is that of the next."""
    return float(10.0 ** (number / BINS_PER_DECADE))


def quantiles(samples: int) -> list[float]:
    """Where the spectrum is drawn: even steps in log 1/(1-q) and every named percentile, as far as samples allow."""
    last = min(deepest(samples), LAST)
    decades = np.arange(np.log10(2), -np.log10(1 - LAST), 1 / STEPS_PER_DECADE)
    steps = [MEDIAN, *(1 - 10.0**-decades), *ALL_PERCENTILES.values()]
    return sorted({round(float(q), 6) for q in steps if q <= last} | ({last} if last > MEDIAN else set()))


def _distributions(entry: Entry, evidence: Evidence, rows: RunRows) -> Iterator[Distribution]:
    for point in _chosen(entry):
        latency = at_mean_speed(measure(entry.result, point.load, rows), evidence.slower).latency_s
        if latency.size and np.isfinite(latency).all() and latency.min() > 0:
            yield _describe(point, latency)


def _chosen(entry: Entry) -> list[Point]:
    if entry.role == "variant":
        return []
    plain = list(dict.fromkeys((*entry.points[:1], *entry.points[-1:])))
    opened = [p for p in entry.others if not p.load.closed and not p.load.payload and p.load.batch == 1]
    return [p for p in (*plain, *opened) if p.sound]


def _describe(point: Point, latency: Array) -> Distribution:
    shown = quantiles(latency.size)
    least, p10, most, *values = np.quantile(latency, [0.0, 0.1, 1.0, *shown])
    bins = np.floor(np.log10(latency) * BINS_PER_DECADE).astype(np.int64)
    first = int(bins.min())
    return Distribution(
        point=point,
        least_s=float(least),
        p10_s=float(p10),
        most_s=float(most),
        spectrum=tuple((q, float(value)) for q, value in zip(shown, values, strict=True)),
        first_bin=first,
        counts=tuple(np.bincount(bins - first).tolist()),
    )
