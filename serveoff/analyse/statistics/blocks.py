"""Blocks of time, and the quantiles of thousands of resampled runs without copying a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
BLOCKS_PER_WINDOW: Final = 20
LATENCIES_PER_BLOCK: Final = 5
"""A block lasts at least this many median latencies, so that a queue's memory stays inside one."""
MIN_BLOCKS: Final = 4
GRID_POINTS: Final = 1500


@dataclass(frozen=True)
class WindowSample:
    """The answered requests that started in one window: latency, and start since the window's, both (n,) in seconds."""

    latency_s: Array
    start_s: Array
    duration_s: float


def cut_blocks(
    windows: Sequence[WindowSample], median_s: float, most: int = BLOCKS_PER_WINDOW
) -> tuple[npt.NDArray[np.int64], Array]:
    """The block of each request, and the length of each block in seconds; at most so many blocks a window."""
    numbers, lengths, first = [], [], 0
    for window in windows:
        count = int(window.duration_s / max(median_s * LATENCIES_PER_BLOCK, window.duration_s / most))
        count = max(count, MIN_BLOCKS)
        number = (window.start_s * count / window.duration_s).astype(np.int64)
        numbers.append(first + np.clip(number, 0, count - 1))
        lengths.append(np.full(count, window.duration_s / count))
        first += count
    return np.concatenate(numbers), np.concatenate(lengths)


def quantile_replicates(
    values: Array, block: npt.NDArray[np.int64], draws: npt.NDArray[np.int64], quantiles: Sequence[float]
) -> list[Array]:
    """Quantiles of every replicate, each (resamples,): no row is left out, none is copied.

    Counts per block and grid cell, times the draws, are the cumulative counts of all replicates at once.
    """
    grid = _grid(values)
    cell = np.searchsorted(grid, values, side="left")
    blocks = draws.shape[1]
    counts = np.bincount(block * grid.size + cell, minlength=blocks * grid.size).reshape(blocks, grid.size)
    cumulative = draws.astype(np.float32) @ counts.cumsum(axis=1).astype(np.float32)
    return [_crossing(grid, cumulative, q) for q in quantiles]


def _crossing(grid: Array, cumulative: npt.NDArray[np.float32], quantile: float) -> Array:
    rows = np.arange(cumulative.shape[0])
    target = quantile * np.maximum(cumulative[:, -1], 1)
    above = np.minimum((cumulative < target[:, None]).sum(axis=1), grid.size - 1)
    below = np.maximum(above - 1, 0)
    step = cumulative[rows, above] - cumulative[rows, below]
    share = np.where(step > 0, (target - cumulative[rows, below]) / np.where(step > 0, step, 1), 1.0)
    crossing: Array = grid[below] + np.clip(share, 0, 1) * (grid[above] - grid[below])
    return crossing


def _grid(values: Array) -> Array:
    """Every distinct value where there are few; else order statistics, close together towards the tail."""
    ordered = np.sort(values)
    if ordered.size <= 2 * GRID_POINTS:
        return np.unique(ordered)
    even = np.linspace(0, ordered.size - 1, GRID_POINTS)
    tail = (ordered.size - 1) * (1 - np.geomspace(1, 1 / ordered.size, GRID_POINTS))
    ranks = np.unique(np.concatenate([even, tail, [ordered.size - 1]]).astype(np.int64))
    return np.unique(ordered[ranks])
