"""What a load test tells its caller: the counts of each window, and what to distrust."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from serveoff.loadtests.problems import Problem, from_json
from serveoff.loadtests.recording.atomic_write import written_whole


@dataclass
class Window:
    """One measured window: its load (see serveoff.loadtests.loads), and what came of it.

    Times are seconds since the epoch; memory is the largest resident set seen. `number` is that of its rows.
    With one caller: `timings_s` are the means of what `timed` answers said in Server-Timing, and `counters` is by how
    much the server's own counters grew.
    """

    concurrency: int
    round: int
    start_s: float
    duration_s: float
    requests: int = 0
    errors: int = 0
    answers_checked: int = 0
    wrong_answers: int = 0
    max_abs_error: float | None = None
    client_cpu_s: float = 0.0
    client_peak_memory_bytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    number: int = 0
    arrivals: str = "closed"
    rate: float = 0.0
    payload: str = ""
    batch: int = 1
    search: bool = False
    late_s: float | None = None
    request_bytes: int | None = None
    encode_s: float | None = None
    timed: int = 0
    timings_s: dict[str, float] = field(default_factory=dict)
    counters: dict[str, float] = field(default_factory=dict)
    encodes: int | None = None


@dataclass
class Summary:
    """One load test: `payload` is what its own encoding carries, `request_bytes` the mean size of a request body."""

    endpoint: str
    payload: str
    request_bytes: int
    windows: list[Window] = field(default_factory=list)
    interrupted: bool = False


def merge(windows_by_worker: Sequence[Sequence[Window]]) -> list[Window]:
    """One list of windows out of each worker's: counts and costs add up, the worst error is kept.

    A window lasts from the first worker's beginning to the last one's end: in stages all have the master's instants.
    """
    return [_add(same) for same in zip(*windows_by_worker, strict=False)]


def window_from_json(data: Mapping[str, Any]) -> Window:
    """A window as `asdict` of it crossed a process border."""
    return Window(**{**data, "problems": list(filter(None, map(from_json, data["problems"])))})


def write_summary(path: Path, summary: Summary) -> None:
    """Write the summary as JSON, whole or not at all."""
    with written_whole(path) as file:
        file.write_text(json.dumps(asdict(summary), indent=1, allow_nan=False))


def describe(window: Window) -> str:
    """One line for a person."""
    rate = window.requests / window.duration_s if window.duration_s else 0.0
    problems = "".join(f"\n  {problem.text}" for problem in window.problems)
    return (
        f"{window.concurrency} users: {window.requests} requests in {window.duration_s:.1f} s ({rate:.0f}/s), "
        f"{window.errors} failed; {window.answers_checked} answers checked, {window.wrong_answers} wrong{problems}"
    )


def _add(windows: Sequence[Window]) -> Window:
    errors = [w.max_abs_error for w in windows if w.max_abs_error is not None]
    starts, ends = [w.start_s for w in windows], [w.start_s + w.duration_s for w in windows]
    return Window(
        concurrency=windows[0].concurrency,
        round=windows[0].round,
        start_s=min(starts),
        duration_s=max(ends) - min(starts),
        requests=sum(w.requests for w in windows),
        errors=sum(w.errors for w in windows),
        answers_checked=sum(w.answers_checked for w in windows),
        wrong_answers=sum(w.wrong_answers for w in windows),
        max_abs_error=max(errors, default=None),
        client_cpu_s=sum(w.client_cpu_s for w in windows),
        client_peak_memory_bytes=sum(w.client_peak_memory_bytes for w in windows),
        problems=list(dict.fromkeys(problem for w in windows for problem in w.problems)),
        number=windows[0].number,
        arrivals=windows[0].arrivals,
        rate=windows[0].rate,
        payload=windows[0].payload,
        batch=windows[0].batch,
        search=windows[0].search,
        late_s=max((w.late_s for w in windows if w.late_s is not None), default=None),
        request_bytes=windows[0].request_bytes,
        encode_s=windows[0].encode_s,
        timed=sum(w.timed for w in windows),
        timings_s=_mean_timings(windows),
        counters=next((w.counters for w in windows if w.counters), {}),
        encodes=windows[0].encodes,
    )


def _mean_timings(windows: Sequence[Window]) -> dict[str, float]:
    """Over all answers of all workers; a worker without a user has timed none."""
    timed = [w for w in windows if w.timed]
    count = sum(w.timed for w in timed)
    names = [name for name in (timed[0].timings_s if timed else ()) if all(name in w.timings_s for w in timed)]
    return {name: sum(w.timings_s[name] * w.timed for w in timed) / count for name in names}
