"""What each server used over the time of its visits: CPU share, memory, and whether memory grew from round to round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from serveoff.analyse.entries import Entry
from serveoff.analyse.statistics.blocks import Array
from serveoff.analyse.winners import Evidenced
from serveoff.loadtests.recording.windows import Window
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.suite import Suite
from serveoff.record.usage import Samples, read_usage


@dataclass(frozen=True)
class Stretch:
    """One visit to an endpoint: what its server used, in equal parts of the visit's time.

    Times are seconds: `start_s` since the run's first sample, the windows since the visit's.
    """

    round: int
    start_s: float
    duration_s: float
    cpu_share: tuple[float, ...]
    """Of all cores that the server could use: 1.0 is all of them."""
    memory_bytes: tuple[int, ...]
    """The most that was held in each part."""
    windows: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Timeline:
    """What one endpoint's server used over all its visits. Shares are of the cores that it could use."""

    endpoint: str
    cores: float
    mean_share: float | None
    """Over the windows."""
    peak_share: float
    """Over the busiest second. The kernel counts in ticks of 10 ms; what these add beyond all of the cores is cut."""
    peak_memory_bytes: int | None
    """In any window."""
    growth_bytes: int | None
    """Median memory in the last window of the load that was measured first, less that in its first; None: only one."""
    replaced: bool
    """Its CPU seconds fell from one visit to the next: a process had ended, so growth says nothing."""
    samples: int
    stretches: tuple[Stretch, ...]


PARTS: Final = 120
"""Parts that an endpoint's whole time is cut into, at most."""
SHORTEST_PART_S: Final = 0.5
"""Five samples of a process: its CPU time is counted in hundredths of a second, which is coarse for one of them."""
PEAK_S: Final = 1.0

Visits = Sequence[tuple[Samples, Sequence[Window]]]
"""What was sampled in each visit, in the order of time, and the windows in it."""


def study(folder: Path, suite: Suite, evidence: Evidenced) -> tuple[Timeline, ...]:
    """Every endpoint whose samples were kept, in the entries' order."""
    visits = {entry.name: _visits(folder, entry.result) for entry in evidence.entries}
    begun_s = min((float(samples.time_s[0]) for found in visits.values() for samples, _ in found), default=0.0)
    return tuple(
        _timeline(entry, suite, visits[entry.name], begun_s) for entry in evidence.entries if visits[entry.name]
    )


def cores_of(result: EndpointResult, suite: Suite) -> float:
    """How many cores' worth of CPU time the server could use."""
    if result.container is not None:
        cores = len(result.container.cpus) or suite.environment.machine.cores
        return min(cores, result.container.cpu_limit or cores)
    return len(suite.settings.server_cpus) or suite.environment.machine.cores


def _visits(folder: Path, result: EndpointResult) -> Visits:
    windows: dict[str, list[Window]] = {}
    for window in result.windows:
        windows.setdefault(window.rows, []).append(window)
    found = [(samples, within) for rows, within in windows.items() if (samples := read_usage(folder, rows)) is not None]
    return sorted(found, key=lambda visit: float(visit[0].time_s[0]))


def _timeline(entry: Entry, suite: Suite, visits: Visits, begun_s: float) -> Timeline:
    cores = cores_of(entry.result, suite)
    total_s = sum(float(samples.time_s[-1] - samples.time_s[0]) for samples, _ in visits)
    part_s = max(total_s / PARTS, SHORTEST_PART_S)
    stretches = [_stretch(samples, windows, cores, part_s) for samples, windows in visits]
    held = [memory for samples, windows in visits for w in windows if (memory := _memory(samples, w)).size]
    replaced = any(later.cpu_s[0] < earlier.cpu_s[-1] for (earlier, _), (later, _) in pairwise(visits))
    return Timeline(
        endpoint=entry.name,
        cores=float(cores),
        mean_share=_mean_share(visits, cores),
        peak_share=min(1.0, max(_busiest(samples) for samples, _ in visits) / cores),
        peak_memory_bytes=max((int(memory.max()) for memory in held), default=None),
        growth_bytes=None if replaced else _growth(visits),
        replaced=replaced,
        samples=sum(samples.time_s.size for samples, _ in visits),
        stretches=tuple(replace(stretch, start_s=stretch.start_s - begun_s) for stretch in stretches),
    )


def _stretch(samples: Samples, windows: Sequence[Window], cores: float, part_s: float) -> Stretch:
    begin, end = float(samples.time_s[0]), float(samples.time_s[-1])
    edges = np.linspace(begin, end, max(1, round((end - begin) / part_s)) + 1)
    used = np.diff(np.interp(edges, samples.time_s, samples.cpu_s)) / np.diff(edges) / cores
    first = np.clip(np.searchsorted(samples.time_s, edges[:-1]), 0, samples.time_s.size - 1)
    memory = np.maximum.reduceat(samples.memory_bytes, first)
    inside = [(max(w.start_s - begin, 0.0), min(w.start_s + w.duration_s, end) - begin) for w in windows]
    return Stretch(
        round=samples.round,
        start_s=begin,
        duration_s=end - begin,
        cpu_share=tuple(float(share) for share in np.maximum(used, 0.0)),
        memory_bytes=tuple(memory.tolist()),
        windows=tuple((start, stop) for start, stop in inside if stop > start),
    )


def _mean_share(visits: Visits, cores: float) -> float | None:
    """Over all windows together."""
    used_s, lasted_s = 0.0, 0.0
    for samples, windows in visits:
        for window in windows:
            edges = np.clip([window.start_s, window.start_s + window.duration_s], samples.time_s[0], samples.time_s[-1])
            used_s += float(np.diff(np.interp(edges, samples.time_s, samples.cpu_s))[0])
            lasted_s += float(edges[1] - edges[0])
    return used_s / lasted_s / cores if lasted_s > 0 else None


def _busiest(samples: Samples) -> float:
    """CPU seconds a second in the busiest second of a visit; of the whole visit where it was shorter."""
    time_s = samples.time_s
    length_s = min(PEAK_S, float(time_s[-1] - time_s[0]))
    starts = time_s[time_s <= time_s[-1] - length_s + 1e-9]
    used = np.interp(starts + length_s, time_s, samples.cpu_s) - np.interp(starts, time_s, samples.cpu_s)
    return float(used.max()) / length_s


def _memory(samples: Samples, window: Window) -> Array:
    end_s = window.start_s + window.duration_s
    return samples.memory_bytes[(samples.time_s >= window.start_s) & (samples.time_s <= end_s)].astype(np.float64)


def _growth(visits: Visits) -> int | None:
    """Of the load that was measured first: with more callers a server holds more, and that is no growth."""
    seen = [(samples, window) for samples, windows in visits for window in windows if not window.search]
    seen.sort(key=lambda pair: pair[1].start_s)
    alike = [m for samples, window in seen if window.load == seen[0][1].load and (m := _memory(samples, window)).size]
    return round(float(np.median(alike[-1]) - np.median(alike[0]))) if len(alike) > 1 else None
