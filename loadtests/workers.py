"""Several load generators in one test: Locust's workers measure, its master says when and adds up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gevent

from loadtests.summary import Window, merge

PHASE = "serveoff_phase"
WINDOWS = "serveoff_windows"
TRAVEL_S = 0.05
"""How long a message to a worker on the same network may take."""


class Workers:
    """The LoadTests of all workers, told of each phase by message. Early ends of windows are not seen from here."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._reports: list[list[Window]] = []
        self._expected = 0
        runner.register_message(WINDOWS, self._on_windows)

    def begin(self) -> None:
        """A test starts with the workers that are there now."""
        self._reports, self._expected = [], self._runner.worker_count

    def users_change(self, concurrency: int) -> None:
        """So many users run from now on, over all workers."""
        self._tell("users_change", concurrency=concurrency)

    def open_window(self, concurrency: int) -> None:
        """Requests that start from now on count."""
        self._tell("open_window", concurrency=concurrency)

    def end_window(self, problem: str = "") -> None:
        """Requests that start from now on do not count."""
        self._tell("end_window", problem=problem)
        gevent.sleep(TRAVEL_S)

    def drained(self) -> bool:
        """Workers wait for their own requests when they finish."""
        return True

    def sample_memory(self) -> None:
        """Each worker looks at its own memory."""

    def trouble(self, patience_s: float) -> str:
        """Not known here: the rows are with the workers."""
        return ""

    def collect(self, timeout_s: float) -> list[Window]:
        """Have every worker finish, and add up their windows; a worker that stays silent is a problem in each."""
        self._tell("finish")
        end = time.perf_counter() + timeout_s
        while len(self._reports) < self._expected and time.perf_counter() < end:
            gevent.sleep(0.05)
        windows = merge(self._reports) if self._reports else []
        if (missing := self._expected - len(self._reports)) > 0:
            for window in windows:
                window.problems.append(
                    f"{missing} of {self._expected} workers did not report: their requests are not counted"
                )
        return windows

    def _tell(self, phase: str, **data: Any) -> None:
        self._runner.send_message(PHASE, {"phase": phase, "data": data})

    def _on_windows(self, environment: Any, msg: Any, **_: Any) -> None:
        self._reports.append([Window(**window) for window in msg.data])


def obey(runner: Any, phase: Callable[[str, dict[str, Any]], None]) -> None:
    """On a worker: call `phase` for each message of the master."""

    def on_phase(environment: Any, msg: Any, **_: Any) -> None:
        phase(msg.data["phase"], msg.data["data"])

    runner.register_message(PHASE, on_phase, concurrent=True)


def report(runner: Any, windows: list[Window]) -> None:
    """On a worker: hand the windows to the master."""
    runner.send_message(WINDOWS, [asdict(window) for window in windows])
