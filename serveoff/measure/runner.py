"""One run: cold start and gate every deployment, then measure all of them in interleaved rounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from serveoff.errors import ServerFailed
from serveoff.interrupts import shielded
from serveoff.loadtests.endpoints import announce, withdraw
from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.recording.windows import Window
from serveoff.measure import agreement_gate, cold_start, inprocess_driver, layer_probe
from serveoff.measure.audit.resource_audit import look_again, read_resources
from serveoff.measure.fleet import Fleet
from serveoff.measure.locust_driver import LoadGenerator, VisitResult, empty_window
from serveoff.measure.plan.plan import Plan
from serveoff.measure.plan.visit_schedule import batch_loads, real_stages, stretch_s, visit_requests
from serveoff.measure.progress import RunProgress
from serveoff.measure.runtimes import Server
from serveoff.record.cold_starts import ColdStart
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.problems import Problem
from serveoff.record.settings import FIRST_LOOK
from serveoff.record.suite import Suite, save_suite
from serveoff.services.registry import Deployment, Endpoint

ReasonToStop = Callable[[Path, int, int], str]
"""Why the run in this folder may end after so many of so many rounds; empty: it may not."""


@dataclass(frozen=True)
class Run:
    """All that the steps of one run share."""

    plan: Plan
    fleet: Fleet
    load: LoadGenerator
    folder: Path
    state: Path
    """Where endpoints are announced to Locust on this machine."""
    suite: Suite
    progress: RunProgress
    reason_to_stop: ReasonToStop
    """Asked after each round, where the run may end before its last."""
    visited: set[tuple[int, str]] = field(default_factory=set)
    """Process and endpoint of every visit so far: the first of a process has a longer warm-up."""

    def save(self) -> None:
        """Write the suite as it stands."""
        with shielded():
            save_suite(self.folder, self.suite)

    def result(self, endpoint: Endpoint) -> EndpointResult:
        """The record of one endpoint; made when it is first asked for."""
        found = self.suite.endpoint(endpoint.name)
        if found is None:
            found = EndpointResult(
                endpoint=endpoint.name,
                deployment=endpoint.deployment.name,
                server=endpoint.deployment.server,
                format=endpoint.deployment.format,
                protocol=endpoint.protocol,
                variant=endpoint.deployment.variant,
                base=endpoint.base_name if endpoint.deployment.variant else "",
                payload=agreement_gate.payload_kind(endpoint),
                encodings=agreement_gate.encodings(endpoint),
                taken=agreement_gate.taken(endpoint.deployment),
            )
            self.suite.endpoints.append(found)
        return found


def measure(run: Run) -> None:
    """Do all that is not yet done; results are saved after every step, whatever ends the run."""
    began = time.monotonic() - (run.suite.wall_s or 0.0)
    try:
        for deployment, endpoints in run.plan.deployments:
            _prepare(run, deployment, endpoints)
        _repeat_starts(run)
        for round_ in range(1, run.plan.settings.rounds + 1):
            due = any(_due(run, endpoint, round_) for endpoint in run.plan.endpoints)
            for deployment, endpoints in run.plan.deployments:
                _visit_all(run, deployment, endpoints, round_)
            if due and _clear(run, round_):
                _ask_last(run)
                break
        run.suite.complete = True
    finally:
        with shielded():
            run.suite.wall_s = time.monotonic() - began
            run.suite.finished_at = datetime.now(UTC).isoformat(timespec="seconds")
            save_suite(run.folder, run.suite)
            run.fleet.close()


def _clear(run: Run, round_: int) -> bool:
    """Whether the run may end here. A round that an earlier process measured was not looked at, and never is."""
    if not run.plan.settings.until_clear or not FIRST_LOOK <= round_ < run.plan.settings.rounds:
        return False
    reason = run.reason_to_stop(run.folder, round_, run.plan.settings.rounds)
    if reason:
        run.suite.stopped_early, run.suite.stopped_after = reason, round_
        run.progress.note(f"stopped early {reason}")
    return bool(reason)


def _prepare(run: Run, deployment: Deployment, endpoints: tuple[Endpoint, ...]) -> None:
    """Cold start and gate of one deployment; a failure becomes its rows' reason and the run goes on."""
    endpoints = tuple(endpoint for endpoint in endpoints if _fits(run, endpoint))
    results = [run.result(endpoint) for endpoint in endpoints]
    if all(_finished(run, endpoint) or run.result(endpoint).unavailable for endpoint in endpoints):
        return
    run.progress.step(f"cold start and gate   {deployment.name}", run.plan.start_s(deployment))
    try:
        server = run.fleet.start(deployment)
        started = cold_start.measure_start(server, endpoints, cold_start.next_order(run.suite))
        container = server.inspect()
        if container is not None:
            # What serves is what is inside the images, not what this machine has installed.
            run.suite.environment.versions |= container.versions
        for endpoint, result in zip(endpoints, results, strict=True):
            result.device, result.container = started.device, container
            # The first cold start stands: a resumed run starts servers with warm file caches.
            if result.cold_start is None:
                result.cold_start, result.cold_starts = started.cold_start, [started.cold_start]
            result.gate = (
                inprocess_driver.check_floor(server)
                if endpoint.protocol == "call"
                else agreement_gate.check(endpoint, server)
            )
            _leave_out(run, endpoint)
            if not result.gate.passed:
                run.progress.note(f"{endpoint.name}: wrong answers, will not be timed: {_said(result.gate.problem)}")
            elif run.plan.settings.payloads and not deployment.variant:
                _check_encodings(run, endpoint, server)
            run.progress.expect(run.plan.settings.rounds * stretch_s(endpoint, result, run.plan.settings))
        resources = read_resources(server, run.plan.settings, container, started.told)
        for result in results:
            result.resources = resources
        run.fleet.rest(deployment)
    except ServerFailed as error:
        run.fleet.stop(deployment)
        for result in results:
            result.unavailable = error.problem
        run.progress.note(f"{deployment.name} cannot be measured: {error}")
    run.save()


def _repeat_starts(run: Run) -> None:
    """The other cold starts, each in a fresh process that ends with it, while all other servers rest."""
    planned = list(cold_start.due(run.suite, run.plan.repeated, run.plan.settings))
    for number, (deployment, warmup) in enumerate(planned, start=1):
        kind = "cold start" if warmup else "start without warm-up"
        run.progress.step(f"{kind} {number} of {len(planned)}   {deployment.name}", run.plan.start_s(deployment))
        found = _repeat_start(run, deployment, warmup)
        for result in run.suite.endpoints:
            if result.deployment == deployment.name:
                result.cold_starts.append(found)
        run.save()


def _repeat_start(run: Run, deployment: Deployment, warmup: bool) -> ColdStart:
    """One repeat; a start that failed is kept with its reason."""
    order = cold_start.next_order(run.suite)
    repeat = cold_start.again(deployment, order, warmup)
    endpoints = next(endpoints for planned, endpoints in run.plan.deployments if planned is deployment)
    asked = [replace(endpoint, deployment=repeat) for endpoint in endpoints]
    try:
        with run.fleet.apart(repeat) as server:
            found = cold_start.measure_start(server, asked, order)
            return found.cold_start.model_copy(update={"warmup": warmup})
    except ServerFailed as error:
        run.progress.note(f"a cold start of {deployment.name} failed: {error}")
        return ColdStart(warmup=warmup, order=order, problem=error.problem)


def _fits(run: Run, endpoint: Endpoint) -> bool:
    """Whether a request of one row can be sent to it at all; else its record says why not."""
    problem = agreement_gate.unfit(endpoint)
    if problem is not None:
        run.result(endpoint).unavailable = problem
        run.progress.note(f"{endpoint.name} cannot be measured: {problem.text}")
        run.save()
    return problem is None


def _leave_out(run: Run, endpoint: Endpoint) -> None:
    """Note which batches of rows are too large to be sent to it, and leave them out."""
    result = run.result(endpoint)
    unfit = {load.text: agreement_gate.unfit(endpoint, rows=load.batch) for load in batch_loads(run.plan.settings)}
    result.left_out = {load: problem for load, problem in unfit.items() if problem is not None}
    for problem in result.left_out.values():
        run.progress.note(f"{endpoint.name}: {problem.text}: not asked")


def _check_encodings(run: Run, endpoint: Endpoint, server: Server) -> None:
    """The gate of each other encoding: one that fails is left out, and the report says why."""
    result = run.result(endpoint)
    result.encoding_gates = agreement_gate.check_others(endpoint, server)
    for name, found in result.encoding_gates.items():
        if not found.passed:
            run.progress.note(f"{endpoint.name}: {name} will not be timed: {_said(found.problem)}")


def _visit_all(run: Run, deployment: Deployment, endpoints: tuple[Endpoint, ...], round_: int) -> None:
    """One round of one deployment: wake it, drive each of its endpoints, let it rest."""
    due = [e for e in endpoints if _due(run, e, round_)]
    if not due:
        return
    try:
        server = run.fleet.wake(deployment)
        ports = {name: int(address.rpartition(":")[2]) for name, address in server.addresses.items()}
        announce(deployment, ports, server.pid, run.state)
        try:
            for endpoint in due:
                _visit(run, endpoint, server, round_)
        finally:
            withdraw(deployment.name, run.state)
        if round_ == run.plan.settings.rounds:
            _ask_more(run, server, endpoints)
        run.fleet.rest(deployment)
    except ServerFailed as error:
        run.fleet.stop(deployment)
        for endpoint in due:
            failed = WindowProblem(code=WindowCode.SERVER_FAILED, text=error.problem.text, advice=error.problem.advice)
            _record_lost(run, endpoint, round_, failed)
        run.save()


def _ask_last(run: Run) -> None:
    """What every server is asked after its last round, where that round turned out to be the last only now."""
    for deployment, endpoints in run.plan.deployments:
        if all(run.result(endpoint).unavailable for endpoint in endpoints):
            continue
        try:
            _ask_more(run, run.fleet.wake(deployment), endpoints)
            run.fleet.rest(deployment)
        except ServerFailed as error:
            run.fleet.stop(deployment)
            run.progress.note(f"{deployment.name} was not asked for its layers and resources: {error}")


def _ask_more(run: Run, server: Server, endpoints: tuple[Endpoint, ...]) -> None:
    """After all that was timed: a network that a server builds to show its layers must not disturb a window."""
    for endpoint in endpoints:
        result = run.result(endpoint)
        if result.windows and layer_probe.wanted(endpoint) and not server.ended():
            result.layers = layer_probe.probe(endpoint, server)
        if result.resources is not None:
            result.resources = look_again(result.resources, server, run.plan.settings)
    run.save()


def _visit(run: Run, endpoint: Endpoint, server: Server, round_: int) -> None:
    visit_s = run.plan.visit_s(endpoint) + stretch_s(endpoint, run.result(endpoint), run.plan.settings)
    run.progress.step(f"round {round_} of {run.plan.settings.rounds}   {endpoint.name}", visit_s)
    if ended := server.ended():
        text = f"the server had ended before round {round_} ({ended})"
        ended_before = WindowProblem(code=WindowCode.SERVER_ENDED, text=text)
        _record_lost(run, endpoint, round_, ended_before)
    elif endpoint.protocol == "call":
        stages = real_stages(endpoint, run.result(endpoint), run.plan.settings)
        visit = inprocess_driver.visit_floor(server, endpoint.name, stages, round_, run.folder, run.progress.tick)
        _record(run, endpoint, visit)
    else:
        first = (server.pid, endpoint.name) not in run.visited
        warmup_s = run.plan.settings.longest_warmup_s if first else run.plan.settings.warmup_s
        run.visited.add((server.pid, endpoint.name))
        for request in visit_requests(endpoint, run.result(endpoint), run.plan.settings, round_, warmup_s):
            visit = run.load.visit(endpoint, server, request, run.progress.tick)
            if any(window.requests for window in visit.windows):
                run.suite.warmed_s = (run.suite.warmed_s or 0.0) + request.warmup_s
            if visit.replaced:
                run.progress.note(f"{endpoint.name}: {visit.replaced.text}; what was measured then is INVALID")
            _record(run, endpoint, visit)


def _record(run: Run, endpoint: Endpoint, visit: VisitResult) -> None:
    result = run.result(endpoint)
    result.windows.extend(visit.windows)
    result.request_bytes = visit.request_bytes or result.request_bytes
    run.save()
    if visit.interrupted:
        raise KeyboardInterrupt


def _record_lost(run: Run, endpoint: Endpoint, round_: int, problem: WindowProblem) -> None:
    """A visit that could not be made: every window of it is there, empty, and says why."""
    stages = real_stages(endpoint, run.result(endpoint), run.plan.settings)
    rows = f"rows/{endpoint.name}--r{round_}.parquet"
    _record(run, endpoint, VisitResult([empty_window(stage.load, round_, rows, problem) for stage in stages]))


def _due(run: Run, endpoint: Endpoint, round_: int) -> bool:
    """True where this round of this endpoint is still to be measured."""
    result = run.result(endpoint)
    if result.unavailable or result.gate is None or not result.gate.passed:
        return False
    return not any(window.round == round_ for window in result.windows)


def _finished(run: Run, endpoint: Endpoint) -> bool:
    rounds = range(1, run.plan.settings.rounds + 1)
    result = run.result(endpoint)
    return result.gate is not None and not any(_due(run, endpoint, round_) for round_ in rounds)


def forget_interrupted(suite: Suite) -> None:
    """Drop the windows of visits that the user cut short, so that a resumed run measures them again."""
    for result in suite.endpoints:
        partial = {w.round for w in result.windows if _was_interrupted(w)}
        result.windows = [w for w in result.windows if w.round not in partial]
        result.unavailable = None


def _was_interrupted(window: Window) -> bool:
    return any(problem.code == WindowCode.INTERRUPTED for problem in window.problems)


def _said(problem: Problem | None) -> str:
    return problem.text if problem else ""
