"""Quantiles of thousands of resampled runs at once: counts on a grid, times the draws."""

from typing import Final

import numpy as np
import numpy.typing as npt

from serveoff.analyse.statistics.estimates import Array

GRID_POINTS: Final = 200
GRID_SAMPLE: Final = 20_000
"""Values that the grid's inner edges are taken from, where there are more."""
TOP: Final = 60
"""The largest values are edges of their own, or the last cells of the sample would hold too much of a far tail."""

Counts = npt.NDArray[np.float32]


def grid_of(values: Array) -> Array:
    """Cells' upper edges: every distinct value where there are few; else order statistics, dense towards the tail."""
    if values.size <= 2 * GRID_POINTS:
        return np.unique(values)
    ordered = np.sort(values[:: -(-values.size // GRID_SAMPLE)])
    even = np.linspace(0, ordered.size - 1, GRID_POINTS)
    tail = (ordered.size - 1) * (1 - np.geomspace(1, 1 / ordered.size, GRID_POINTS))
    inner = ordered[np.unique(np.concatenate([even, tail]).astype(np.int64))]
    top = np.partition(values, values.size - 1 - np.arange(min(TOP, values.size)))[-TOP:]
    return np.unique(np.concatenate([[values.min()], inner, top]))


def cumulative(values: Array, unit: npt.NDArray[np.int64], units: int, grid: Array) -> Counts:
    """How many values of each unit lie at or below each edge, (units, edges)."""
    cell = np.searchsorted(grid, values, side="left")
    counts = np.bincount(unit * grid.size + cell, minlength=units * grid.size).reshape(units, grid.size)
    return counts.cumsum(axis=1).astype(np.float32)


def crossings(grid: Array, weighted: Counts, quantile: float) -> Array:
    """One quantile of every replicate, (replicates,), from cumulative weights, (replicates, edges)."""
    rows = np.arange(weighted.shape[0])
    target = (quantile * weighted[:, -1]).astype(np.float32)
    above = np.argmax(weighted >= target[:, None], axis=1)
    below = np.maximum(above - 1, 0)
    step = weighted[rows, above] - weighted[rows, below]
    share = np.where(step > 0, (target - weighted[rows, below]) / np.where(step > 0, step, 1), 1.0)
    crossing: Array = grid[below] + np.clip(share, 0, 1) * (grid[above] - grid[below])
    return crossing
