"""One slice: thaw, drive, freeze, and what came of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from serveoff.errors import LoadGeneratorFailure, ServerFailed
from serveoff.loadtests.generator.commands import Drive
from serveoff.loadtests.generator.rows import Rows
from serveoff.loadtests.loads import Load
from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.recording.records import COLUMNS
from serveoff.loadtests.recording.statuses import OK
from serveoff.loadtests.recording.windows import Window
from serveoff.loadtests.server_counters import one_caller
from serveoff.measure.audit.busy_cores import busy_s, of_others
from serveoff.measure.audit.cgroups import held_back_s
from serveoff.measure.audit.procfs import compiling
from serveoff.measure.audit.readings import Reading, used
from serveoff.measure.drivers.generator import LOG, Driven, GeneratorFailed
from serveoff.measure.drivers.inprocess import drive_floor
from serveoff.measure.plan.timing import Timing, timeout_s
from serveoff.measure.run import Run
from serveoff.measure.runtimes import Server
from serveoff.record.counter_pages import known
from serveoff.services.registry import Endpoint

COUNTERS_EVERY: Final = 5
"""The page of a server's counters is read around the slices of one caller in every so many-th round."""
COMPILING_POLL_S, LONGEST_COMPILING_S = 0.005, 1.0
MOST_FAILURES: Final = 5
OUTSIDE: Final = -1
"""The number of the slice in rows that are of none."""


@dataclass(frozen=True)
class Taken:
    """A slice that was measured; without rows where nothing came of it."""

    window: Window
    rows: Rows | None = None

    def holds(self, quantile: float, bound_s: float) -> bool:
        """Whether there was no error, and this quantile of the latencies from when they were due is in the bound."""
        if self.rows is None or self.window.errors or self.window.problems:
            return False
        counted = self.rows["measured"] == 1
        waited_s = (self.rows["start_s"] + self.rows["latency_s"] - self.rows["due_s"])[counted]
        return bool(waited_s.size and np.quantile(waited_s, quantile) <= bound_s)


def take_slice(run: Run, endpoint: Endpoint, load: Load, round_: int, timing: Timing, search: bool = False) -> Taken:
    """Measure one slice and keep it. What goes wrong is a problem of its window, and the run goes on."""
    run.number += 1
    identity: dict[str, Any] = {
        "endpoint": endpoint.name,
        "number": run.number,
        "round": round_,
        "lead_in_s": timing.lead_in_s,
        "search": search,
    }
    drive = _drive(run, load, timing, round_)
    try:
        driven, taken = _driven(run, endpoint, drive)
    except (GeneratorFailed, ServerFailed) as error:
        start = run.fleet.start_number(endpoint.deployment)
        problems = [_lost(error)]
        window = Window(**asdict(load), **identity, start=start, start_s=time.time(), duration_s=0.0, problems=problems)
        _count_failure(run, error)
        return _kept(run, endpoint, Taken(window), load)
    run.failures = 0
    taken["problems"] = [*driven.window.get("problems", []), *taken["problems"]]
    taken["counters"] = known(driven.window.get("counters", {}))
    window = Window.model_validate(driven.window | identity | {"served": driven.served} | taken)
    return _kept(run, endpoint, Taken(window, driven.rows), load)


def warm_up(run: Run, endpoint: Endpoint, load: Load, seconds: float) -> float:
    """Have an endpoint answer for so long, and count nothing of it; the median latency, seconds.

    ServerFailed where it cannot be reached.
    """
    drive = Drive(load, seconds, 0.0, timeout_s(run.expected_s(endpoint, load)), run.settings.seed)
    driven, _ = _driven(run, endpoint, drive)
    _know(run, endpoint, load, driven.rows["latency_s"][driven.rows["status"] == OK])
    start = run.fleet.start_number(endpoint.deployment)
    window = Window(**asdict(load), endpoint=endpoint.name, start=start, round=0, start_s=0.0, duration_s=0.0)
    run.slices.add(rows_table(window, OUTSIDE, driven.rows))
    return run.answer_s.get((endpoint.name, load), 0.0)


def rows_table(window: Window, number: int, rows: Rows) -> pa.Table:
    """The rows of a slice as records.COLUMNS has them."""
    count = len(rows["start_s"])
    columns: dict[str, Any] = {
        "endpoint": _repeated(window.endpoint, count),
        "start": np.full(count, window.start, np.int32),
        "round": np.full(count, window.round, np.int32),
        "slice": np.full(count, number, np.int32),
        "load": _repeated(window.load.text, count),
        "concurrency": np.full(count, window.concurrency, np.int32),
        "measured": rows["measured"].astype(bool),
        "intended_start_s": np.round(rows["due_s"], 6),
        "start_s": np.round(rows["start_s"], 6),
        "latency_s": np.round(rows["latency_s"], 6),
        "status": rows["status"],
        "bytes_out": rows["bytes_out"],
        "bytes_in": rows["bytes_in"],
    }
    return pa.table([pa.array(columns[field.name]).cast(field.type) for field in COLUMNS], schema=COLUMNS)


def _driven(run: Run, endpoint: Endpoint, drive: Drive) -> tuple[Driven, dict[str, Any]]:
    """Thaw, drive and freeze; what came of it, and what the server used meanwhile and what befell it."""
    deployment = endpoint.deployment
    began = time.perf_counter()
    server = run.fleet.wake(deployment)
    switched_s = time.perf_counter() - began
    start = run.fleet.start_number(deployment)
    readings, busy, cores = list[Reading](), list[float | None](), run.cores

    def opened() -> None:
        readings.append(replace(server.read(), group_throttled_s=held_back_s(run.limited)))
        busy.append(busy_s(cores))

    try:
        if run.fleet.is_cold(deployment):
            run.processes.pop((deployment.name, start), None)
            _warm_again(run, endpoint, server, drive)
        before = server.pids() | run.processes.get((deployment.name, start), frozenset())
        driven = _drive_it(run, endpoint, server, drive, opened)
        opened()
        left = server.pids()
        run.processes[deployment.name, start] = before & left
        problems = _befell(run, server, before - left, driven)
        if not deployment.attached:
            _let_compile(left)
    finally:
        began = time.perf_counter()
        run.fleet.rest(deployment)
    run.switch_s = switched_s + time.perf_counter() - began
    found = used(readings[0], readings[-1])
    spent = [driven.window.get(name, 0.0) for name in ("client_cpu_s", "client_spun_s")]
    mine_s = 0.0 if run.settings.expect_workers else sum(spent)
    others_s = of_others(busy[0], busy[-1], found["server_cpu_s"], mine_s)
    return driven, {**found, "others_cpu_s": others_s, "start": start, "problems": problems}


def _drive_it(run: Run, endpoint: Endpoint, server: Server, drive: Drive, opened: Callable[[], None]) -> Driven:
    if endpoint.protocol == "call":
        return drive_floor(server, drive, opened)
    return run.generator.drive(endpoint, server, drive, opened)


def _warm_again(run: Run, endpoint: Endpoint, server: Server, drive: Drive) -> None:
    """One that was stopped while it rested answers as long as after its start before anything of it counts."""
    if not drive.duration_s:
        return
    if not run.short_of_memory:
        run.progress.note("memory is short: servers are stopped between slices, and warmed up again for the next")
        run.short_of_memory = True
    again = replace(drive, lead_in_s=run.settings.warmup_s, duration_s=0.0)
    _drive_it(run, endpoint, server, again, lambda: None)


def _let_compile(pids: frozenset[int]) -> None:
    """A JVM ends what it compiles, before it is frozen: else that takes half of the core from the next slices too."""
    until = time.perf_counter() + LONGEST_COMPILING_S
    while compiling(pids) and time.perf_counter() < until:
        time.sleep(COMPILING_POLL_S)


def _befell(run: Run, server: Server, gone: frozenset[int], driven: Driven) -> Sequence[WindowProblem]:
    """A server that lost a process since its last slice was another one for a while, however good its answers are."""
    name = server.deployment.name
    failed = bool((driven.rows["status"] != OK).any()) or not driven.served
    if failed and (ended := server.ended()):
        run.dead.add(name)
        run.progress.note(f"{name} ended: {ended}")
        return [WindowProblem(code=WindowCode.SERVER_ENDED, text=f"the server ended ({ended})")]
    if not gone:
        return []
    numbers = ", ".join(map(str, sorted(gone)))
    text = f"process {numbers} of the server ended, and was replaced or is missing"
    run.progress.note(f"{name}: {text}; what was measured then is INVALID")
    return [WindowProblem(code=WindowCode.SERVER_REPLACED, text=text, advice="see the server's log in logs/")]


def _kept(run: Run, endpoint: Endpoint, taken: Taken, load: Load) -> Taken:
    result, window = run.result(endpoint), taken.window
    result.windows.append(window)
    if taken.rows is None:
        run.slices.add(COLUMNS.empty_table(), window)
        return taken
    run.slices.add(rows_table(window, window.number, taken.rows), window)
    result.request_bytes = run.generator.request_bytes.get(endpoint.name, result.request_bytes)
    _know(run, endpoint, load, taken.rows["latency_s"][(taken.rows["measured"] == 1) & (taken.rows["status"] == OK)])
    return taken


def _know(run: Run, endpoint: Endpoint, load: Load, latency_s: NDArray[np.float64]) -> None:
    """How long answers take now, for the next slice."""
    if latency_s.size:
        run.answer_s[endpoint.name, load] = float(np.median(latency_s))


def _drive(run: Run, load: Load, timing: Timing, round_: int) -> Drive:
    counters = one_caller(load) and (round_ - 1) % COUNTERS_EVERY == 0
    seed = run.settings.seed * 1_000_003 + run.number
    return Drive(load, timing.lead_in_s, timing.duration_s, timing.timeout_s, seed, counters)


def _lost(error: GeneratorFailed | ServerFailed) -> WindowProblem:
    if isinstance(error, GeneratorFailed):
        return error.problem
    return WindowProblem(code=WindowCode.SERVER_FAILED, text=error.problem.text, advice=error.problem.advice)


def _count_failure(run: Run, error: GeneratorFailed | ServerFailed) -> None:
    """A generator that fails again and again is none."""
    if isinstance(error, ServerFailed):
        return
    run.failures += 1
    run.progress.note(str(error))
    if run.failures >= MOST_FAILURES:
        text = f"the load generator failed {run.failures} times in a row: {error}"
        raise LoadGeneratorFailure(text, f"its log: {run.folder / LOG}")


def _repeated(text: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(count, np.int16), [text])
