"""The windows of one visit: one Locust process goes through loads of every kind in one go."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gevent
from locust.runners import STATE_RUNNING

from serveoff.loadtests.loads import Load, Seek, Stage
from serveoff.loadtests.problems import WindowProblem
from serveoff.loadtests.search import seek

SETTLE_S = 0.2
"""Between all users running and the window's start: their connections are open by then."""

TICK_S = 0.1
HOPELESS = 20
"""A probe whose queue has waited so many times the bound does not hold it: the rest of it would only grow the queue."""
WARM_UP_USERS = 4
"""Callers of a warm-up before open loops only."""
PATIENCE_S = 2.0
"""A window with nothing but errors for so long is given up."""

USERS_DEADLINE_S = 30.0

log = logging.getLogger(__name__)


class Phases(Protocol):
    """What is told of each phase: a LoadTest in this process, or the LoadTests of all workers."""

    def users_change(self, concurrency: int) -> None: ...  # noqa: D102
    def prepare(self, load: Load) -> None: ...  # noqa: D102
    def open_window(self, load: Load, duration_s: float, search: bool = False) -> None: ...  # noqa: D102
    def end_window(self, problem: WindowProblem | None = None) -> None: ...  # noqa: D102
    def drained(self) -> bool: ...  # noqa: D102
    def give_up(self) -> None: ...  # noqa: D102
    def waited_s(self) -> float: ...  # noqa: D102
    def holds(self, quantile: float, bound_s: float) -> bool: ...  # noqa: D102
    def sample_memory(self) -> None: ...  # noqa: D102
    def trouble(self, patience_s: float) -> WindowProblem | None: ...  # noqa: D102
    def missing(self) -> WindowProblem | None: ...  # noqa: D102


def first_users(stages: Sequence[Stage | Seek]) -> int:
    """With how many users a visit begins: the most callers of any closed loop."""
    return max((s.load.concurrency for s in stages if isinstance(s, Stage) and s.load.closed), default=WARM_UP_USERS)


def visit(
    stages: Sequence[Stage | Seek], warmup_s: float, phases: Phases, runner: Any, request_timeout_s: float
) -> None:
    """Warm up with the most callers of any stage, so that each thread of the server has run; then every window."""
    # Locust starts the first users by itself, and a master cannot be told of others meanwhile.
    _wait_for(lambda: runner.state == STATE_RUNNING or phases.missing() is not None, USERS_DEADLINE_S)
    if warmup_s > 0:
        _set_users(first_users(stages), phases, runner)
        gevent.sleep(warmup_s)
    measure = _Measure(phases, runner, request_timeout_s)
    for stage in stages:
        if isinstance(stage, Seek):
            seek(stage, measure)
        else:
            measure(stage)


@dataclass(frozen=True)
class _Measure:
    """Measures one window of any load, and says whether it holds an objective."""

    phases: Phases
    runner: Any
    request_timeout_s: float

    def __call__(self, stage: Stage, objective: Seek | None = None) -> bool:
        """Open it, watch it, and wait for the last answer. False where it does not hold the objective."""
        phases, load = self.phases, stage.load
        phases.prepare(load)
        _set_users(load.concurrency, phases, self.runner)
        gevent.sleep(SETTLE_S)
        phases.open_window(load, stage.duration_s, search=objective is not None)
        log.debug("window open: %s", load.text)
        hopeless_s = HOPELESS * objective.bound_s if objective else float("inf")
        phases.end_window(_watch(stage.duration_s, phases, hopeless_s))
        # Requests that were due in the window belong to it, however long they take.
        _wait_for(phases.drained, self.request_timeout_s + 1)
        phases.give_up()
        return objective is None or phases.holds(objective.quantile, objective.bound_s)


def _set_users(concurrency: int, phases: Phases, runner: Any) -> None:
    phases.users_change(concurrency)
    # At this rate Locust starts or stops them all in one step, without the pauses of a ramp.
    runner.start(concurrency, spawn_rate=max(concurrency, runner.user_count))
    if runner.spawning_greenlet is not None:
        runner.spawning_greenlet.join()
    # Users of a load generator that is gone never come; its windows say so, and end at once.
    if not _wait_for(lambda: runner.user_count == concurrency or phases.missing() is not None, USERS_DEADLINE_S):
        raise RuntimeError(f"only {runner.user_count} of {concurrency} users run after {USERS_DEADLINE_S:.0f} s")


def _watch(duration_s: float, phases: Phases, hopeless_s: float) -> WindowProblem | None:
    end = time.perf_counter() + duration_s
    while (left := end - time.perf_counter()) > 0:
        gevent.sleep(min(TICK_S, left))
        if phases.waited_s() > hopeless_s:
            return None
        phases.sample_memory()
        if problem := phases.trouble(PATIENCE_S):
            return problem
    return None


def _wait_for(condition: Any, timeout_s: float) -> bool:
    end = time.perf_counter() + timeout_s
    while not condition():
        if time.perf_counter() > end:
            return False
        gevent.sleep(0.01)
    return True
