"""Closed-loop windows: one Locust process visits several concurrencies in one go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

import gevent

from loadtests.loads import Stage

SETTLE_S = 0.2
"""Between all users running and the window's start: their connections are open by then."""

TICK_S = 0.1
PATIENCE_S = 2.0
"""A window with nothing but errors for so long is given up."""

USERS_DEADLINE_S = 30.0


class Phases(Protocol):
    """What is told of each phase: a LoadTest in this process, or the LoadTests of all workers."""

    def users_change(self, concurrency: int) -> None: ...  # noqa: D102
    def open_window(self, concurrency: int) -> None: ...  # noqa: D102
    def end_window(self, problem: str = "") -> None: ...  # noqa: D102
    def drained(self) -> bool: ...  # noqa: D102
    def sample_memory(self) -> None: ...  # noqa: D102
    def trouble(self, patience_s: float) -> str: ...  # noqa: D102
    def missing(self) -> str: ...  # noqa: D102


def visit(stages: Sequence[Stage], warmup_s: float, phases: Phases, runner: Any, request_timeout_s: float) -> None:
    """Warm up with the most users of any stage, so that each thread of the server has run; then every window."""
    if warmup_s > 0:
        _set_users(max(stage.load.concurrency for stage in stages), phases, runner)
        gevent.sleep(warmup_s)
    for stage in stages:
        _set_users(stage.load.concurrency, phases, runner)
        gevent.sleep(SETTLE_S)
        phases.open_window(stage.load.concurrency)
        phases.end_window(_watch(stage.duration_s, phases))
        # Requests that started in the window belong to it, however long they take.
        _wait_for(phases.drained, request_timeout_s + 1)


def _set_users(concurrency: int, phases: Phases, runner: Any) -> None:
    phases.users_change(concurrency)
    # At this rate Locust starts or stops them all in one step, without the pauses of a ramp.
    runner.start(concurrency, spawn_rate=max(concurrency, runner.user_count))
    if runner.spawning_greenlet is not None:
        runner.spawning_greenlet.join()
    # Users of a load generator that is gone never come; its windows say so, and end at once.
    if not _wait_for(lambda: runner.user_count == concurrency or phases.missing(), USERS_DEADLINE_S):
        raise RuntimeError(f"only {runner.user_count} of {concurrency} users run after {USERS_DEADLINE_S:.0f} s")


def _watch(duration_s: float, phases: Phases) -> str:
    end = time.perf_counter() + duration_s
    while (left := end - time.perf_counter()) > 0:
        gevent.sleep(min(TICK_S, left))
        phases.sample_memory()
        if problem := phases.trouble(PATIENCE_S):
            return problem
    return ""


def _wait_for(condition: Any, timeout_s: float) -> bool:
    end = time.perf_counter() + timeout_s
    while not condition():
        if time.perf_counter() > end:
            return False
        gevent.sleep(0.01)
    return True
