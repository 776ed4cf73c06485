"""What one slice gave: its window, and its rows."""

import time
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serveoff.loadtests.answer_check import AnswerCheck
from serveoff.loadtests.arrivals import out_of_cpu
from serveoff.loadtests.generator.recording import Recording
from serveoff.loadtests.generator.rows import encoded
from serveoff.loadtests.pools import Pool
from serveoff.loadtests.problems import WindowProblem
from serveoff.loadtests.recording.statuses import OK
from serveoff.loadtests.recording.windows import Window
from serveoff.loadtests.server_counters import mean_timings

PARENT_KNOWS = {"endpoint", "start", "round", "number"}
"""Fields of a Window that are not the generator's to say."""
INSTANTS = "due_s", "start_s"
"""Columns that are told as seconds since the epoch."""

Columns = dict[str, NDArray[Any]]
"""All rows of a slice by column, in order of completion, each (n,); times in perf_counter seconds."""


def columns(recording: Recording, pool: Pool) -> Columns:
    """The rows as arrays; one is measured if it was due while the window was open."""
    table = np.array(recording.rows, dtype=np.float64).reshape(len(recording.rows), 7).T
    caller, due, start, latency, status, sample, bytes_in = table
    return {
        "caller": caller.astype(np.int32),
        "due_s": due,
        "start_s": start,
        "latency_s": latency,
        "status": status.astype(np.int32),
        "bytes_in": bytes_in.astype(np.int32),
        "bytes_out": np.asarray(pool.body_bytes, dtype=np.int32)[sample.astype(np.int32)],
        "measured": ((due >= recording.opened) & (due < recording.ended)).astype(np.uint8),
    }


def done(recording: Recording, pool: Pool, counters: dict[str, float]) -> dict[str, Any]:
    """The fields of the event that ends a slice."""
    part = recording.plan.part
    rows, epoch_s = columns(recording, pool), part.epoch_s if part else time.time() - time.perf_counter()
    window = _window(recording, pool, rows, counters, epoch_s)
    return {
        "window": window.model_dump(mode="json", exclude=PARENT_KNOWS, exclude_defaults=True),
        "served": recording.answered_since_told(),
        "begun_late_s": recording.begun_late_s,
        "rows": encoded(rows | {name: rows[name] + epoch_s for name in INSTANTS}),
    }


def _window(recording: Recording, pool: Pool, rows: Columns, counters: dict[str, float], epoch_s: float) -> Window:
    plan, inside = recording.plan, rows["measured"].astype(bool)
    judged = recording.verified.judge(pool.expected, pool.payload, pool.spec)
    agreement = replace(judged, first_fault=pool.shown(judged.first_fault))
    timed, timings_s = mean_timings(recording.timings)
    opened, lasted_s = recording.opened, recording.ended - recording.opened
    free = plan.load.closed and not (recording.paced and plan.duration_s)
    return Window(
        **asdict(plan.own),
        round=0,
        lead_in_s=plan.lead_in_s,
        start_s=(opened if plan.duration_s else recording.begun) + epoch_s,
        duration_s=_busy_s(rows, inside, plan.own.concurrency) if free else max(lasted_s, 0.0),
        requests=int(inside.sum()),
        errors=int((rows["status"][inside] != OK).sum()),
        answers_checked=agreement.checked,
        wrong_answers=agreement.wrong,
        max_abs_error=agreement.max_abs_error,
        client_cpu_s=recording.cpu_s,
        client_spun_s=recording.spun_s,
        problems=_problems(recording, agreement, lasted_s),
        late_s=float(np.quantile(recording.late_s, 0.99)) if recording.late_s else None,
        request_bytes=pool.request_bytes,
        encode_s=pool.encode_s,
        encodes=len(pool.requests),
        timed=timed,
        timings_s=timings_s,
        counters=counters,
    )


def _busy_s(rows: Columns, inside: NDArray[np.bool_], callers: int) -> float:
    """The time from a caller's first measured request's start to its last one's end, summed, over all callers.

    With it, requests over seconds is callers over the mean time of a request (Wald's identity), without what a caller
    was about at the edges of the window, even where some callers began no request in it.
    """
    caller, start = rows["caller"][inside], rows["start_s"][inside]
    if not caller.size:
        return 0.0
    first, last = np.full(caller.max() + 1, np.inf), np.full(caller.max() + 1, -np.inf)
    np.minimum.at(first, caller, start)
    np.maximum.at(last, caller, start + rows["latency_s"][inside])
    return float(np.sum((last - first)[np.isfinite(first)]) / callers)


def _problems(recording: Recording, agreement: AnswerCheck, lasted_s: float) -> list[WindowProblem]:
    problems = [recording.problem] if recording.problem else []
    if not recording.plan.load.closed and lasted_s > 0:
        problems += out_of_cpu(recording.cpu_s / lasted_s)
    return [*problems, *agreement.problems]
