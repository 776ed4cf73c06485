"""Raw rows to judged points: one per endpoint and load, over all rounds."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from serveoff.analyse.entries import Point
from serveoff.analyse.statistics.blocks import WindowSample
from serveoff.analyse.statistics.bootstrap import (
    ALL_PERCENTILES,
    NOTHING,
    Estimate,
    Sampled,
    bootstrap,
    estimate,
    per_request,
    round_noise,
    withheld,
)
from serveoff.analyse.statistics.drift import trend
from serveoff.analyse.validity import Evidence, judge
from serveoff.analyse.verdict import Role
from serveoff.loadtests.loads import Load, closed
from serveoff.loadtests.recording import rows as raw
from serveoff.loadtests.recording.windows import Window
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite

ANSWERED = 200
"""The status of a good answer, HTTP or gRPC (serveoff.loadtests.recording.records.COLUMNS)."""
_USED = ["round", "window", "intended_start_s", "start_s", "latency_s", "status", "bytes_in"]

Rows = Mapping[str, npt.NDArray[np.generic]]
"""Columns of one file."""


@dataclass(frozen=True)
class WindowRows:
    """What is taken of one window's rows. `rows` counts them all, the rest those with a good answer."""

    sample: WindowSample
    rows: int
    answer_bytes: int
    """The sum of their answers' bodies."""


ReadWindow = Callable[[Window], WindowRows | str]
"""Reads the rows of a window; where they cannot be read, the answer is a sentence that says so."""


@dataclass(frozen=True)
class Measured:
    """The raw side of one point: its windows and what was read of their rows."""

    result: EndpointResult
    load: Load
    windows: Sequence[Window]
    samples: Sequence[WindowSample]
    rows_read: int
    problems: Sequence[str]

    @property
    def answered(self) -> int:
        """Requests with a good answer."""
        return sum(sample.latency_s.size for sample in self.samples)


def role_of(result: EndpointResult) -> Role:
    """Floors, null and variants are measured to explain the others, and never rank."""
    if result.server == "inprocess":
        return "floor"
    if result.variant:
        return "variant"
    return "null" if result.format == "null" else "contender"


def loads_of(result: EndpointResult, suite: Suite) -> list[Load]:
    """The loads this endpoint is judged at, plain ones first.

    All concurrencies that were asked for, and whatever else was measured; a floor has the one caller it had. Probes of
    a search are no points: each is one window.
    """
    asked = {closed(c) for c in suite.settings.concurrencies}
    seen = {w.load for w in result.windows if not w.search}
    if role_of(result) == "variant":
        asked = {min(asked), max(asked)}
    if role_of(result) == "floor":
        asked = set() if seen else {min(asked)}
    return sorted(seen if result.unavailable else asked | seen, key=lambda load: (not load.plain, load))


def read_rows(path: Path) -> Rows | str:
    """The columns used, of all load generators, as arrays; or, where they cannot be read, a sentence that says so."""
    try:
        table = raw.read_rows(path, _USED)
        return {name: table.column(name).to_numpy() for name in _USED}
    except FileNotFoundError:
        return f"the raw rows are missing: {path.parent.name}/{path.name}"
    except (OSError, pa.ArrowException, KeyError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        return f"the raw rows cannot be read: {path.parent.name}/{path.name} ({said})"


def window_reader(folder: Path) -> ReadWindow:
    """Reads windows of the run in `folder`: each file once, though it holds all of a visit, and each window once."""
    files = cache(read_rows)
    known: dict[tuple[str, int, int], WindowRows | str] = {}

    def read(window: Window) -> WindowRows | str:
        key = window.rows, window.round, window.number
        if key not in known:
            rows = files(folder / window.rows)
            known[key] = rows if isinstance(rows, str) else _of_window(rows, window)
        return known[key]

    return read


def measure(result: EndpointResult, load: Load, read: ReadWindow) -> Measured:
    """Read the rows of one point; a file that cannot be read is a problem to report, not an error."""
    windows = result.windows_of(load)
    samples, problems, rows_read = [], [], 0
    for window in windows:
        found = read(window)
        if isinstance(found, str):
            problems.append(found)
            continue
        rows_read += found.rows
        samples.append(found.sample)
    return Measured(result, load, windows, samples, rows_read, tuple(dict.fromkeys(problems)))


def resample(measured: Measured, seed: int) -> dict[str, Sampled]:
    """Bootstrap of one point, seeded by the run's seed and the point's own name: order does not matter."""
    name, load = zlib.crc32(measured.result.endpoint.encode()), zlib.crc32(measured.load.text.encode())
    sampled = bootstrap(measured.samples, [seed, name, load])
    used = [w.server_cpu_s for w in measured.windows if w.server_cpu_s is not None]
    requests = [w.requests for w in measured.windows]
    if sampled and used and len(used) == len(requests) and sum(used) > 0 and all(requests):
        sampled["cpu"] = per_request(sampled["throughput"], used, requests)
    return sampled


def pooled_noise(sampled: Iterable[Mapping[str, Sampled]]) -> dict[str, float]:
    """`round_noise` of each statistic over all points of the run."""
    everything = list(sampled)
    return {
        name: round_noise(point[name] for point in everything if name in point)
        for name in (*ALL_PERCENTILES, "throughput", "cpu")
    }


def judge_point(
    measured: Measured,
    sampled: Mapping[str, Sampled],
    noise: Mapping[str, float],
    suite: Suite,
    sibling_wrong: str,
    unequal: Sequence[str] = (),
    open_ceiling: float | None = None,
) -> Point:
    """The figures of one point and whether they count."""
    windows = measured.windows
    rounds = [w.round for w in windows]
    evidence = Evidence(
        endpoint=measured.result,
        role=role_of(measured.result),
        windows=windows,
        rounds_expected=suite.rounds,
        run_complete=suite.complete,
        samples=measured.answered,
        rows_read=measured.rows_read,
        p50_by_round=[float(value) for value in sampled["p50"].by_round] if "p50" in sampled else [],
        row_problems=measured.problems,
        sibling_wrong=sibling_wrong,
        unequal=unequal,
        load_cpus=_load_cpus(suite.settings, measured.load.concurrency),
        device_asked=suite.settings.device,
        trends=[] if measured.problems else list(filter(None, map(trend, measured.samples, rounds))),
        open_ceiling=open_ceiling,
    )

    def figure(name: str) -> Estimate:
        if name in sampled:
            return estimate(sampled[name], noise[name])
        answered = measured.answered
        return withheld(answered, ALL_PERCENTILES[name]) if answered and name in ALL_PERCENTILES else NOTHING

    return Point(
        endpoint=measured.result.endpoint,
        load=measured.load,
        verdict=judge(evidence),
        rounds=len(set(rounds)),
        samples=measured.answered,
        errors=sum(w.errors for w in windows),
        answers_checked=sum(w.answers_checked for w in windows),
        wrong_answers=sum(w.wrong_answers for w in windows),
        p50_s=figure("p50"),
        p90_s=figure("p90"),
        p99_s=figure("p99"),
        p999_s=figure("p99.9"),
        throughput=figure("throughput"),
        cpu_per_request_s=figure("cpu"),
        peak_memory_bytes=max((w.server_peak_memory_bytes or 0 for w in windows), default=0) or None,
        client_cpu_share=_rate(windows, "client_cpu_s", "duration_s"),
        network_in_per_request=_rate(windows, "server_network_in_bytes", "requests"),
        network_out_per_request=_rate(windows, "server_network_out_bytes", "requests"),
        throttled_share=_rate(windows, "server_throttled_s", "duration_s"),
    )


def _load_cpus(settings: RunSettings, concurrency: int) -> int:
    """A process of the load generator uses one CPU at most, and none without a user; all share the client's cores."""
    processes = max(1, settings.load_workers)
    return min(processes, concurrency, len(settings.client_cpus) or processes)


def _rate(windows: Sequence[Window], used: str, over: str) -> float | None:
    """One field of the windows over another, by their sums; windows that lack either are left out."""
    known = [(getattr(w, used), getattr(w, over)) for w in windows if getattr(w, used) is not None and getattr(w, over)]
    return float(sum(a for a, _ in known) / sum(b for _, b in known)) if known else None


def _of_window(rows: Rows, window: Window) -> WindowRows:
    inside = (rows["round"] == window.round) & (rows["window"] == window.number)
    answered = inside & (rows["status"] == ANSWERED)
    # From when it was due: a request that an open loop could not send in time has waited, and its wait counts.
    due = rows["intended_start_s"][answered].astype(np.float64)
    waited = rows["start_s"][answered].astype(np.float64) - due
    latency = rows["latency_s"][answered].astype(np.float64) + waited
    sample = WindowSample(latency, due - window.start_s, window.duration_s)
    return WindowRows(sample, int(inside.sum()), int(rows["bytes_in"][answered].sum()))
