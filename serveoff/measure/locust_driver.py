"""One visit: a Locust subprocess that drives one endpoint through all concurrencies of one round."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from serveoff.loadtests.loads import Load, Seek, Stage
from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.recording.rows import remove_rows
from serveoff.loadtests.recording.windows import Summary, Window
from serveoff.measure.runtimes import Client, Server, processes
from serveoff.record.counter_pages import known
from serveoff.record.usage import Usage, write_usage
from serveoff.services.registry import Endpoint

GRACE_S = 45.0
"""Beyond warm-up and windows: starting, connecting, and waiting for last answers."""
TIMEOUT_S = 10.0
"""After so long a request failed."""
INTERRUPT_GRACE_S = 8.0


@dataclass
class VisitResult:
    """What one visit brought: windows, the mean size of a request's body, and whether it was cut short by the user."""

    windows: list[Window] = field(default_factory=list)
    request_bytes: int | None = None
    interrupted: bool = False
    replaced: WindowProblem | None = None
    """Where the server lost a process meanwhile."""


@dataclass(frozen=True)
class VisitRequest:
    """One visit as it is asked for: its round, its part of the round's visits, warm-up in seconds, and its stages."""

    round: int
    part: int
    warmup_s: float
    stages: tuple[Stage | Seek, ...]
    timeout_s: float = TIMEOUT_S
    """Seconds after which a request failed."""

    @property
    def duration_s(self) -> float:
        """Warm-up and windows."""
        return self.warmup_s + sum(stage.total_s for stage in self.stages)

    @property
    def deadline_s(self) -> float:
        """By then the load generator must have ended: its last answers are as slow as the requests may be."""
        return self.duration_s + GRACE_S + len(self.stages) * (self.timeout_s - TIMEOUT_S)

    def rows(self, endpoint: Endpoint) -> Path:
        """The file of its rows, relative to the results folder."""
        part = f"-{self.part}" if self.part else ""
        return Path("rows") / f"{endpoint.name}--r{self.round}{part}.parquet"


@dataclass(frozen=True)
class LoadGenerator:
    """How to drive one endpoint: by Locust, at the place that `client` is, into the run's folder."""

    folder: Path
    client: Client
    seed: int = 1

    def visit(self, endpoint: Endpoint, server: Server, request: VisitRequest, tick: Callable[[], None]) -> VisitResult:
        """Drive one endpoint through some stages; never raises for what the server did, only records it."""
        rows = request.rows(endpoint)
        summary = rows.with_suffix(".json")
        (self.folder / rows).parent.mkdir(parents=True, exist_ok=True)
        remove_rows(self.folder / rows)
        arguments = self._arguments(endpoint, server, request, rows, summary)
        before = server.pids()
        with server.sampling() as usage, self.client.running(arguments, self.folder / "logs" / "locust.log") as process:
            interrupted, failed = self._wait(process, deadline_s=request.deadline_s, tick=tick)
        self.client.bring()
        write_usage(self.folder, rows, endpoint.name, request.round, [usage])
        visit = _read(self.folder / summary, rows, usage)
        visit.interrupted = interrupted
        if not visit.windows:
            failed = failed or "the load generator left no windows; see logs/locust.log"
        _add_problems(visit, server, failed, interrupted, request, rows)
        if not server.ended():
            _add_replaced(visit, before - server.pids(), request)
        (self.folder / summary).unlink(missing_ok=True)
        return visit

    def _arguments(
        self, endpoint: Endpoint, server: Server, request: VisitRequest, rows: Path, summary: Path
    ) -> list[str]:
        stages = ",".join(stage.text for stage in request.stages)
        return [
            *("--headless", "--endpoint", endpoint.name, "--address", self.client.address(server, endpoint.protocol)),
            *("--stages", stages, "--warmup", str(request.warmup_s), "--round", str(request.round)),
            *("--rows", self.client.path(rows), "--summary", self.client.path(summary)),
            *("--seed", str(self.seed + 100 * request.part + request.round)),
            *("--request-timeout", f"{request.timeout_s:g}"),
            *self._counters(endpoint, server),
        ]

    def _counters(self, endpoint: Endpoint, server: Server) -> list[str]:
        port_name, _, path = endpoint.deployment.counters.partition("/")
        return ["--counters", f"http://{self.client.address(server, port_name)}/{path}"] if port_name else []

    def _wait(self, process: subprocess.Popen[bytes], deadline_s: float, tick: Callable[[], None]) -> tuple[bool, str]:
        """Wait for Locust. Returns whether the user interrupted, and how it failed if it did itself."""
        end = time.monotonic() + deadline_s
        try:
            while process.poll() is None:
                if time.monotonic() > end:
                    self.client.interrupt(process, INTERRUPT_GRACE_S)
                    return False, f"the load generator did not end within {deadline_s:.0f} s"
                tick()
                time.sleep(0.05)
        except KeyboardInterrupt:
            self.client.interrupt(process, INTERRUPT_GRACE_S)
            return True, ""
        code = process.returncode
        failed = f"the load generator failed ({processes.describe_exit(code)}); see logs/locust.log"
        return False, "" if code == 0 else failed


def _read(summary: Path, rows: Path, usage: Usage) -> VisitResult:
    try:
        told = Summary.model_validate_json(summary.read_bytes())
    except (FileNotFoundError, ValidationError):
        return VisitResult()
    return VisitResult([_completed(window, rows, usage) for window in told.windows], told.request_bytes)


def _completed(window: Window, rows: Path, usage: Usage) -> Window:
    """What the load generator does not know of its window: where its rows are kept, and what the server used."""
    used = server_usage(usage, window.start_s, window.duration_s)
    return window.model_copy(update={**used, "rows": rows.as_posix(), "counters": known(window.counters)})


def server_usage(usage: Usage, start_s: float, duration_s: float) -> dict[str, Any]:
    """The fields of a Window that say what the server used in it."""
    end_s = start_s + duration_s
    received, sent = usage.network_between(start_s, end_s) or (None, None)
    return {
        "server_cpu_s": usage.cpu_between(start_s, end_s),
        "server_peak_memory_bytes": usage.peak_memory_between(start_s, end_s),
        "server_network_in_bytes": received,
        "server_network_out_bytes": sent,
        "server_throttled_s": usage.throttled_between(start_s, end_s),
        "gpu_energy_j": usage.energy_between(start_s, end_s),
    }


def _add_problems(
    visit: VisitResult, server: Server, failed: str, interrupted: bool, request: VisitRequest, rows: Path
) -> None:
    """Say in the windows what went wrong; a window that was never reached becomes an empty one that says why."""
    if interrupted:
        if visit.windows:
            cut = WindowProblem(code=WindowCode.INTERRUPTED, text="interrupted by the user")
            visit.windows[-1].problems.append(cut)
        return
    problem = WindowProblem(code=WindowCode.GENERATOR_FAILED, text=failed)
    if ended := server.ended():
        text = f"the server ended in round {request.round} ({ended})"
        problem = WindowProblem(code=WindowCode.SERVER_ENDED, text=text)
    if not problem.text:
        return
    reached = {window.load for window in visit.windows}
    for stage in request.stages:
        if isinstance(stage, Stage) and stage.load not in reached:
            visit.windows.append(empty_window(stage.load, request.round, rows.as_posix()))
    for window in visit.windows:
        if window.errors or not window.requests:
            window.problems.append(problem)
    if not any(window.problems for window in visit.windows):
        visit.windows[-1].problems.append(problem)


def _add_replaced(visit: VisitResult, gone: frozenset[int], request: VisitRequest) -> None:
    """A server that lost a process meanwhile was another one for a while, however good its answers are."""
    if gone:
        numbers = ", ".join(map(str, sorted(gone)))
        text = f"process {numbers} of the server ended in round {request.round}, and was replaced or is missing"
        visit.replaced = WindowProblem(
            code=WindowCode.SERVER_REPLACED, text=text, advice="see the server's log in logs/"
        )
        for window in visit.windows:
            window.problems.append(visit.replaced)


def empty_window(load: Load, round_: int, rows: str, problem: WindowProblem | None = None) -> Window:
    """A window in which nothing could be measured."""
    return Window(
        **asdict(load),
        round=round_,
        start_s=time.time(),
        duration_s=0.0,
        rows=rows,
        problems=[problem] if problem else [],
    )
