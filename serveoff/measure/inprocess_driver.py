"""The in-process floor: the bare model in a process of its own, driven over its stdin and stdout."""

from __future__ import annotations

import json
import select
import time
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.errors import ServerFailed
from serveoff.loadtests.loads import Stage
from serveoff.loadtests.recording.records import COLUMNS
from serveoff.loadtests.recording.windows import Window
from serveoff.measure.audit.reported_settings import told_by
from serveoff.measure.locust_driver import VisitResult, server_usage
from serveoff.measure.readiness import READY_DEADLINE_S, failure
from serveoff.measure.runtimes import Server
from serveoff.record.cold_starts import ColdStart
from serveoff.record.endpoint_results import Gate
from serveoff.record.problems import GateCode, Problem, StartCode
from serveoff.record.usage import write_usage

ANSWER_GRACE_S = 60.0
CHECK_GRACE_S = 300.0
"""For all golden inputs, one after another."""
TOLD = ("duration_s", "requests", "answers_checked", "wrong_answers", "max_abs_error")
"""Fields of a Window that a floor tells under the same names."""


def wait_floor(server: Server) -> tuple[ColdStart, str, dict[str, int]]:
    """Wait until the model is loaded and warmed; a floor has no port, and `ready` is its first answer.

    Returns with it the device that the model computes on, and how the floor is set
    (serveoff.measure.audit.reported_settings).
    """
    event = _read_event(server, READY_DEADLINE_S, tick=lambda: None)
    if event["event"] != "ready":
        raise failure(server, StartCode.MISBEHAVED, f"said {event['event']!r} before it was ready")
    ready_s = time.perf_counter() - server.spawned_at
    return ColdStart(ready_s=ready_s, first_answer_s=ready_s), event["device"], told_by(event)


def check_floor(server: Server) -> Gate:
    """The agreement gate of a floor: all golden inputs, compared in its process."""
    began = time.perf_counter()
    event = _ask(server, {"command": "check"}, CHECK_GRACE_S)
    took_s = time.perf_counter() - began
    wrong, checked, error = event["wrong_answers"], event["answers_checked"], event["max_abs_error"]
    text = f"{wrong} of {checked} golden inputs answered wrongly, absolute error up to {error:.3g}"
    return Gate(
        passed=wrong == 0,
        checked=checked,
        max_abs_error=error,
        worst_share=event.get("worst_share"),
        top1_agreement=event["top1_agreement"],
        answer_s=took_s / checked if checked else None,
        problem=Problem(code=GateCode.WRONG_ANSWER, text=text) if wrong else None,
    )


def visit_floor(
    server: Server, name: str, stages: Sequence[Stage], round_: int, folder: Path, tick: Callable[[], None]
) -> VisitResult:
    """Call the model in a closed loop, one window a stage; a load's payload is another way to call it."""
    relative = Path("rows") / f"{name}--r{round_}.parquet"
    (folder / relative).parent.mkdir(parents=True, exist_ok=True)
    windows, tables, usages = [], [], []
    for number, stage in enumerate(stages):
        with server.sampling() as usage:
            event = _ask(server, _command(stage), stage.duration_s + ANSWER_GRACE_S, tick)
        start_s, latency_s = (np.frombuffer(b64decode(event[name])) for name in ("start_s", "latency_s"))
        tables.append(_table(name, round_, number, start_s, latency_s))
        usages.append(usage)
        began = float(start_s[0]) if len(start_s) else time.time()
        used = server_usage(usage, began, event["duration_s"])
        told = {name: event[name] for name in TOLD}
        load, rows = asdict(stage.load), relative.as_posix()
        windows.append(Window(**load, round=round_, number=number, rows=rows, start_s=began, **told, **used))
    pq.write_table(pa.concat_tables(tables), folder / relative)
    write_usage(folder, relative, name, round_, usages)
    return VisitResult(windows)


def _command(stage: Stage) -> dict[str, Any]:
    load = stage.load
    if not load.closed or load.concurrency != 1:
        raise ValueError(f"a floor has one caller, not {load.text}")
    return {"command": "measure", "duration_s": stage.duration_s, "batch": load.batch, "call": load.payload}


def _table(name: str, round_: int, number: int, start_s: np.ndarray, latency_s: np.ndarray) -> pa.Table:
    n = len(start_s)
    columns = {
        "endpoint": pa.array([name] * n).dictionary_encode().cast(COLUMNS.field("endpoint").type),
        "round": np.full(n, round_, np.int16),
        "concurrency": np.ones(n, np.int16),
        "window": np.full(n, number, np.int16),
        "measured": np.ones(n, np.bool_),
        "intended_start_s": start_s,
        "start_s": start_s,
        "latency_s": latency_s,
        "status": np.full(n, 200, np.int32),
        "bytes_out": np.zeros(n, np.int32),
        "bytes_in": np.zeros(n, np.int32),
    }
    return pa.table({field.name: pa.array(columns[field.name], type=field.type) for field in COLUMNS}, schema=COLUMNS)


def _ask(
    server: Server, command: dict[str, Any], deadline_s: float, tick: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    assert server.stdin is not None
    try:
        server.stdin.write(json.dumps(command).encode() + b"\n")
        server.stdin.flush()
    except BrokenPipeError:
        raise failure(server, StartCode.ENDED, f"ended ({server.ended() or 'closed its input'})") from None
    return _read_event(server, deadline_s, tick)


def _read_event(server: Server, deadline_s: float, tick: Callable[[], None]) -> dict[str, Any]:
    assert server.stdout is not None
    end = time.monotonic() + deadline_s
    while not select.select([server.stdout], [], [], 0.05)[0]:
        tick()
        if time.monotonic() > end:
            raise failure(server, StartCode.TIMED_OUT, f"gave no answer within {deadline_s:.0f} s")
    line = server.stdout.readline()
    if not line:
        raise failure(server, StartCode.ENDED, f"ended ({server.ended() or 'closed its output'})")
    event: dict[str, Any] = json.loads(line)
    if event.get("event") == "error":
        text = f"{server.deployment.name}: {event.get('error')}"
        raise ServerFailed(StartCode.MISBEHAVED, text, f"its whole log: {server.log}")
    return event
