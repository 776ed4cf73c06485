"""The in-process floor: the bare model in a process of its own, driven over its stdin and stdout."""

import json
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from serveoff.errors import ServerFailed
from serveoff.loadtests.generator.commands import Drive
from serveoff.loadtests.generator.rows import ROWS, Rows
from serveoff.loadtests.loads import Load
from serveoff.loadtests.recording.statuses import OK
from serveoff.measure.drivers.generator import Driven
from serveoff.measure.drivers.lines import Lines
from serveoff.measure.readiness import READY_DEADLINE_S, failure
from serveoff.measure.runtimes import Server
from serveoff.models.golden import Golden, unpacked
from serveoff.record.cold_starts import ColdStart
from serveoff.record.endpoint_results import Gate
from serveoff.record.problems import GateCode, Problem, StartCode

ANSWER_GRACE_S = 60.0
CHECK_GRACE_S = 300.0
"""For all golden inputs, one after another."""
TOLD = ("duration_s", "requests", "answers_checked", "wrong_answers", "max_abs_error")
"""Fields of a Window that a floor tells under the same names."""


def wait_floor(server: Server) -> tuple[ColdStart, dict[str, Any]]:
    """Wait until the model is loaded and warmed; a floor has no port, and `ready` is its first answer.

    Returns with it what it says of itself, the device that the model computes on among it.
    """
    event = _read_event(server, READY_DEADLINE_S)
    if event["event"] != "ready":
        raise failure(server, StartCode.MISBEHAVED, f"said {event['event']!r} before it was ready")
    ready_s = time.perf_counter() - server.spawned_at
    return ColdStart(ready_s=ready_s, first_answer_s=ready_s), event


def check_floor(server: Server) -> Gate:
    """The agreement gate of a floor: all golden inputs, compared in its process."""
    began = time.perf_counter()
    event = _ask(server, {"command": "check", "format": server.deployment.format}, CHECK_GRACE_S)
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
        checks=event["checks"],
    )


def bare_answers(server: Server, seed: int) -> Golden:
    """Inputs that no server has seen, and what the model of a floor answers: serveoff.services.inprocess.crossing."""
    return unpacked(b64decode(_ask(server, {"command": "answer", "seed": seed}, CHECK_GRACE_S)["npz"]))


def drive_floor(server: Server, drive: Drive, opened: Callable[[], None]) -> Driven:
    """Call the model in a closed loop, as a load generator would drive an endpoint.

    A load's payload is another way to call it. ServerFailed where the process does not answer.
    """
    lead_in = _ask(server, _command(drive.load, drive.lead_in_s), drive.lead_in_s + ANSWER_GRACE_S)
    opened()
    if not drive.duration_s:
        return Driven({**asdict(drive.load), "start_s": time.time(), "duration_s": 0.0}, 0, _rows(lead_in, 0))
    event = _ask(server, _command(drive.load, drive.duration_s), drive.duration_s + ANSWER_GRACE_S)
    rows = {name: np.concatenate([_rows(lead_in, 0)[name], _rows(event, 1)[name]]) for name in ROWS}
    start_s = float(rows["start_s"][len(rows["measured"]) - event["requests"]]) if event["requests"] else time.time()
    window = {**asdict(drive.load), "start_s": start_s, **{name: event[name] for name in TOLD}}
    return Driven(window, event["served"], rows)


def _command(load: Load, duration_s: float) -> dict[str, Any]:
    if not load.closed or load.concurrency != 1:
        raise ValueError(f"a floor has one caller, not {load.text}")
    return {"command": "measure", "duration_s": duration_s, "batch": load.batch, "call": load.payload}


def _rows(event: dict[str, Any], measured: int) -> Rows:
    start_s, latency_s = (np.frombuffer(b64decode(event[name])) for name in ("start_s", "latency_s"))
    none = np.zeros(len(start_s), "<i4")
    return {
        "due_s": start_s,
        "start_s": start_s,
        "latency_s": latency_s,
        "status": none + OK,
        "bytes_in": none,
        "bytes_out": none,
        "measured": np.full(len(start_s), measured, "u1"),
    }


def _ask(server: Server, command: dict[str, Any], deadline_s: float) -> dict[str, Any]:
    assert server.process is not None
    assert server.process.stdin is not None
    try:
        server.process.stdin.write(json.dumps(command).encode() + b"\n")
        server.process.stdin.flush()
    except BrokenPipeError:
        raise failure(server, StartCode.ENDED, f"ended ({server.ended() or 'closed its input'})") from None
    return _read_event(server, deadline_s)


def _read_event(server: Server, deadline_s: float) -> dict[str, Any]:
    assert server.process is not None
    assert server.process.stdout is not None
    try:
        # A floor says one line a command: none is left behind in it.
        line = Lines(server.process.stdout).next(deadline_s)
    except TimeoutError:
        raise failure(server, StartCode.TIMED_OUT, f"gave no answer within {deadline_s:.0f} s") from None
    if not line:
        raise failure(server, StartCode.ENDED, f"ended ({server.ended() or 'closed its output'})")
    event: dict[str, Any] = json.loads(line)
    if event.get("event") == "error":
        text = f"{server.deployment.name}: {event.get('error')}"
        raise ServerFailed(StartCode.MISBEHAVED, text, f"its whole log: {server.log}")
    return event
