"""Several load generators in one test: Locust's workers measure, its master says when it ends and adds up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent
from locust import runners

from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.recording.windows import Window, merge

PHASE = "serveoff_phase"
WINDOWS = "serveoff_windows"
TRAVEL_S = 0.05
"""How long a message to a worker on the same network may take."""
MASTER_PATIENCE_S = 10
"""A worker whose master has been silent for so long ends its test and itself. Where it is restarted it then joins the
next master, which would not know of it. Locust's own patience is a minute."""
SILENT_HEARTBEATS = 5
"""So many seconds after Locust has called a worker missing it is not waited for any longer."""


class Workers:
    """The LoadTests of all workers, told of each phase by message."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._reports: dict[str, list[Window]] = {}
        self._expected: set[str] = set()
        runner.register_message(WINDOWS, self._on_windows)

    def begin(self) -> None:
        """A test starts with the workers that are there now."""
        self._reports, self._expected = {}, self._present()

    def end_window(self) -> None:
        """Requests that start from now on do not count."""
        self._tell("end_window", at_s=time.time())
        gevent.sleep(TRAVEL_S)

    def collect(self, timeout_s: float) -> list[Window]:
        """Have every worker finish, and add up their windows.

        A worker that stays silent, and one that came while the test ran, are a problem in each window. Where none is
        left there is no window: see `lost`.
        """
        self._tell("finish")
        end = time.perf_counter() + timeout_s
        while any(map(self._may_report, self._expected)) and time.perf_counter() < end:
            gevent.sleep(0.05)
        windows = merge([self._reports[worker] for worker in self._expected & self._reports.keys()])
        for window in windows:
            window.problems.extend(self._problems())
        return windows

    def _present(self) -> set[str]:
        clients = self._runner.clients
        return {client.id for client in (*clients.ready, *clients.spawning, *clients.running)}

    def _may_report(self, worker: str) -> bool:
        """A worker that writes its rows is silent for a while, too; Locust counts its missing heartbeats downwards."""
        client = self._runner.clients.get(worker)
        return worker not in self._reports and client is not None and client.heartbeat > -SILENT_HEARTBEATS

    @property
    def lost(self) -> bool:
        """No worker has reported: nothing is known of this test."""
        return not self._expected & self._reports.keys()

    def _problems(self) -> list[WindowProblem]:
        problems = []
        if len({len(self._reports[worker]) for worker in self._expected & self._reports.keys()}) > 1:
            problems.append("workers reported different numbers of windows: some took no part in some of them")
        if missing := len(self._expected - self._reports.keys()):
            count = f"{missing} of {len(self._expected)}"
            problems.append(f"{count} workers did not report: their requests are not counted")
        if joined := len(self._present() - self._expected):
            problems.append(f"workers joined while the test ran ({joined}): their requests are not counted")
        return [WindowProblem(code=WindowCode.WORKERS, text=text) for text in problems]

    def _tell(self, phase: str, **data: Any) -> None:
        self._runner.send_message(PHASE, {"phase": phase, "data": data})

    def _on_windows(self, environment: Any, msg: Any, **_: Any) -> None:
        self._reports[msg.node_id] = [Window.model_validate(window) for window in msg.data]


def obey(runner: Any, phase: Callable[[str, dict[str, Any]], None]) -> None:
    """On a worker: call `phase` for each message of the master, and end soon after it is gone."""
    runners.MASTER_HEARTBEAT_TIMEOUT = MASTER_PATIENCE_S
    # Locust's patience begins with the first heartbeat, and a master can be gone before that.
    runner.last_heartbeat_timestamp = runner.last_heartbeat_timestamp or time.time()

    def on_phase(environment: Any, msg: Any, **_: Any) -> None:
        phase(msg.data["phase"], msg.data["data"])

    runner.register_message(PHASE, on_phase, concurrent=True)


def report(runner: Any, windows: list[Window]) -> None:
    """On a worker: hand the windows to the master."""
    runner.send_message(WINDOWS, [window.model_dump(mode="json") for window in windows])
