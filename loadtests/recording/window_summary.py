"""What a load test tells its caller: the counts of each window, and what to distrust."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from serveoff.loadtests.recording.atomic_write import written_whole
from serveoff.loadtests.recording.windows import Window


class Summary(BaseModel):
    """One load test: `payload` is what its own encoding carries, `request_bytes` the mean size of a request body."""

    endpoint: str
    payload: str
    request_bytes: int
    windows: list[Window] = []
    interrupted: bool = False


def merge(windows_by_worker: Sequence[Sequence[Window]]) -> list[Window]:
    """One list of windows out of each worker's: counts and costs add up, the worst error is kept.

    A window lasts from the first worker's beginning to the last one's end: in stages all have the master's instants.
    """
    return [_add(same) for same in zip(*windows_by_worker, strict=False)]


def write_summary(path: Path, summary: Summary) -> None:
    """Write the summary as JSON, whole or not at all."""
    with written_whole(path) as file:
        file.write_text(summary.model_dump_json(indent=1))


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
    added = {
        "start_s": min(starts),
        "duration_s": max(ends) - min(starts),
        "requests": sum(w.requests for w in windows),
        "errors": sum(w.errors for w in windows),
        "answers_checked": sum(w.answers_checked for w in windows),
        "wrong_answers": sum(w.wrong_answers for w in windows),
        "max_abs_error": max(errors, default=None),
        "client_cpu_s": sum(w.client_cpu_s or 0.0 for w in windows),
        "client_peak_memory_bytes": sum(w.client_peak_memory_bytes or 0 for w in windows),
        "problems": list(dict.fromkeys(problem for w in windows for problem in w.problems)),
        "late_s": max((w.late_s for w in windows if w.late_s is not None), default=None),
        "timed": sum(w.timed for w in windows),
        "timings_s": _mean_timings(windows),
        "counters": next((w.counters for w in windows if w.counters), {}),
    }
    return windows[0].model_copy(update=added)


def _mean_timings(windows: Sequence[Window]) -> dict[str, float]:
    """Over all answers of all workers; a worker without a user has timed none."""
    timed = [w for w in windows if w.timed]
    count = sum(w.timed for w in timed)
    names = [name for name in (timed[0].timings_s if timed else ()) if all(name in w.timings_s for w in timed)]
    return {name: sum(w.timings_s[name] * w.timed for w in timed) / count for name in names}
