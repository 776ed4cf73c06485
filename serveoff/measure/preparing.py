"""Starts of servers: each a cold start that is timed, then the agreement gate and warm-up; all but one at rest."""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from serveoff.errors import ServerFailed
from serveoff.loadtests.loads import Load
from serveoff.measure import agreement_gate, cold_start
from serveoff.measure.attached import starting
from serveoff.measure.audit import labelled_answers
from serveoff.measure.audit.procfs import STAT, compiling_s
from serveoff.measure.audit.resource_audit import read_resources
from serveoff.measure.audit.server_versions import server_versions
from serveoff.measure.drivers import inprocess
from serveoff.measure.drivers.generator import GeneratorFailed
from serveoff.measure.plan.loads import batch_loads, raced
from serveoff.measure.plan.outline import spared
from serveoff.measure.plan.plan import STARTS_SHARE
from serveoff.measure.run import Run
from serveoff.measure.runtimes import Server
from serveoff.measure.slicing import warm_up
from serveoff.record.cold_starts import ColdStart
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.problems import Problem, StartCode
from serveoff.record.resources import Container
from serveoff.record.roles import role_of
from serveoff.services.registry import Deployment, Endpoint

WARM_SHARE: Final = 0.95
"""A server is warm once it answers in no less than so much of the time that it took at best before."""
LONGEST_WARM_UP: Final = 32
"""Times the warm-up of a server is prolonged to, at most; in a short run to no more than WARM_UP_SHARE of its time."""
WARM_UP_SHARE: Final = 0.1
COMPILING_SHARE: Final = 0.1
"""Of a core: a JVM that compiles more than that is not warm, however even its answers are."""
SHORTEST_PART: Final = 1 / 4
"""Of what was spent before: a stage that is much shorter sees no slow gain."""

Planned = tuple[Deployment, tuple[Endpoint, ...]]


def prepare_all(run: Run) -> None:
    """The first start of every deployment: one that fails has its reason, and the run goes on."""
    for number, (deployment, endpoints) in enumerate(run.plan.deployments, start=1):
        if _late_for(run, deployment):
            for endpoint in endpoints:
                _unavailable(run.result(endpoint), spared(deployment))
            run.dead.add(deployment.name)
            continue
        run.progress.tick(f"start {number} of {len(run.plan.deployments)}   {deployment.name}")
        if deployment.attached:
            starting.prepare(run, deployment, *endpoints)
            continue
        fit = tuple(endpoint for endpoint in endpoints if _fits(run, endpoint))
        if fit and not all(run.result(endpoint).unavailable for endpoint in fit):
            _prepare(run, deployment, fit)


def restart_all(run: Run, start: int, planned: Sequence[Planned]) -> None:
    """One more start of each of these, whose last process ends with it."""
    for deployment, endpoints in planned:
        run.progress.tick(f"start {start}   {deployment.name}")
        _restart(run, deployment, tuple(e for e in endpoints if run.measured(e)))


def bare_starts(run: Run) -> None:
    """The starts without warm-up calls, each in a process that ends with it, while all others rest."""
    for deployment in cold_start.bare_due(run.suite, run.plan.repeated, run.settings):
        run.progress.tick(f"start without warm-up   {deployment.name}")
        found = _bare_start(run, deployment)
        for result in run.suite.endpoints:
            if result.deployment == deployment.name:
                result.cold_starts.append(found)
        run.save()


def _late_for(run: Run, deployment: Deployment) -> bool:
    """Whether the time for starts went into what may rank: of a slow model a short run has no bare models."""
    beside = role_of(deployment) in ("floor", "null") and not run.settings.endpoints
    return beside and run.left_s < (1 - STARTS_SHARE) * 60 * (run.settings.minutes or 0)


def _prepare(run: Run, deployment: Deployment, endpoints: tuple[Endpoint, ...]) -> None:
    results = [run.result(endpoint) for endpoint in endpoints]
    began = time.monotonic()
    try:
        server = run.fleet.start(deployment)
        started = cold_start.measure_start(server, endpoints, cold_start.next_order(run.suite))
        labelled_answers.check_precision(server, started.precision)
        container = server.inspect()
        _as_before(results[0], started, container)
        versions = server_versions(server, container.versions if container else run.suite.environment.versions)
        for endpoint, result in zip(endpoints, results, strict=True):
            result.device, result.container, result.versions = started.device, container, versions
            result.executor, result.precision = started.executor, started.precision
            # The first cold start stands: a resumed run starts servers with warm file caches.
            result.cold_start = result.cold_start or started.cold_start
            result.cold_starts.append(started.cold_start)
            _check(run, endpoint, server)
        resources = read_resources(server, run.settings, container, started.told)
        for result in results:
            result.resources = resources
        _settle(run, deployment, endpoints, began)
    except ServerFailed as error:
        run.fleet.stop(deployment)
        run.dead.add(deployment.name)
        for result in results:
            _unavailable(result, error.problem)
        run.progress.note(f"{deployment.name} cannot be measured: {error}")
    run.save()


def _unavailable(result: EndpointResult, problem: Problem) -> None:
    """What was measured in an earlier process of the run stays measured."""
    if not result.windows:
        result.unavailable = problem


def _restart(run: Run, deployment: Deployment, endpoints: tuple[Endpoint, ...]) -> None:
    for endpoint in endpoints:
        run.generator.hang_up(endpoint)
    run.fleet.stop(deployment)
    run.dead.discard(deployment.name)
    began, order = time.monotonic(), cold_start.next_order(run.suite)
    try:
        server = run.fleet.start(deployment)
        started = cold_start.measure_start(server, endpoints, order)
        _as_before(run.result(endpoints[0]), started)
        found = started.cold_start
        _settle(run, deployment, endpoints, began)
    except ServerFailed as error:
        run.fleet.stop(deployment)
        run.dead.add(deployment.name)
        run.progress.note(f"a start of {deployment.name} failed: {error}")
        found = ColdStart(order=order, problem=error.problem)
    for endpoint in endpoints:
        run.result(endpoint).cold_starts.append(found)
    run.save()


def _as_before(result: EndpointResult, started: cold_start.Started, container: Container | None = None) -> None:
    """ServerFailed where this start computes elsewhere or otherwise than the first, which was looked into.

    `container` only where a resumed run looks into it again: its image may have been built anew.
    """
    were = {"on": result.device, "by": result.executor, "in": result.precision}
    now = {"on": started.device, "by": started.executor, "in": started.precision}
    if container and result.container:
        were["from image"], now["from image"] = (_short_digest(of) for of in (result.container, container))
    changed = [f"{how} {now[how] or 'nothing that it says'}, not {were[how]}" for how in were if now[how] != were[how]]
    if changed and result.gate is not None:
        raise ServerFailed(StartCode.MISBEHAVED, f"this start computes {' and '.join(changed)} as its first did")


def _short_digest(container: Container) -> str:
    return container.image_digest.removeprefix("sha256:")[:12]


def _settle(run: Run, deployment: Deployment, endpoints: Iterable[Endpoint], began: float) -> None:
    """Warm it up and let it rest. A floor has warmed itself up, but for its way of being called.

    Warm-up may use every core of the run: of one core a compiler takes its time from what it compiles, so that
    TorchServe's JVM gave 300 req/s at first and 930 after 17 s and 9,000 requests, and with another core after 5 s.
    """
    measured = [endpoint for endpoint in endpoints if run.measured(endpoint)]
    served = [endpoint for endpoint in measured if endpoint.protocol != "call"]
    server = run.fleet.wake(deployment)
    server.use_cores(run.cores)
    try:
        for endpoint in measured:
            if endpoint not in served:
                warm_up(run, endpoint, Load(), run.settings.warmup_s)
        _warm_up(run, server, served)
    except GeneratorFailed as error:
        run.progress.note(f"{deployment.name} was not warmed up: {error}")
    finally:
        server.use_cores(run.settings.server_cpus)
    run.fleet.rest(deployment)
    run.start_s[deployment.name] = time.monotonic() - began


def _warm_up(run: Run, server: Server, endpoints: Sequence[Endpoint]) -> None:
    """Have a server answer until it gets no quicker, and its JVM, where it has one, has compiled what it runs often.

    Each stage is as long as all before it, so that a slow gain is seen as well as a quick one, and has two parts: a
    burst of noise in one is no sign of a warm server. Endpoints of one server take turns, for they share most of what
    is to be warm.
    """
    spent_s, left_s = run.settings.warmup_s / 2, _longest_s(run)
    load = _warming(run, endpoints, spent_s)
    took_s = {endpoint.name: [warm_up(run, endpoint, load, spent_s)] for endpoint in endpoints}
    asked, cold, left_s = list(endpoints), list(endpoints), left_s - spent_s * len(endpoints)
    while spent_s and asked and (part_s := min(spent_s / 2, left_s / 2 / len(asked))) >= SHORTEST_PART * spent_s:
        began, compiled_s = time.monotonic(), compiling_s(server.kernel(STAT))
        for endpoint in asked * 2:
            took_s[endpoint.name].append(warm_up(run, endpoint, load, part_s))
        spent_s, left_s = spent_s + 2 * part_s, left_s - 2 * part_s * len(asked)
        cold = [endpoint for endpoint in asked if not _warm(took_s[endpoint.name])]
        compiled_s = compiling_s(server.kernel(STAT)) - compiled_s
        asked = asked if compiled_s > COMPILING_SHARE * (time.monotonic() - began) else cold
    for endpoint in cold if spent_s else ():
        run.result(endpoint).still_warming_s = spent_s
        run.progress.note(f"{endpoint.name} was still getting faster after {spent_s:.3g} s of warm-up")


def _warming(run: Run, endpoints: Sequence[Endpoint], part_s: float) -> Load:
    """The most callers, or the fewest where so many would still wait for first answers when the first part ends."""
    fewest, most = raced(run.settings)[0], raced(run.settings)[-1]
    return most if all(run.expected_s(endpoint, most) <= part_s for endpoint in endpoints) else fewest


def _warm(took_s: Sequence[float]) -> bool:
    """In neither part of the last stage it was much quicker than at its best before."""
    return min(took_s[-2:]) >= WARM_SHARE * min(took_s[:-2])


def _longest_s(run: Run) -> float:
    s = run.settings
    return min(LONGEST_WARM_UP * s.warmup_s, math.inf if s.minutes is None else WARM_UP_SHARE * 60 * s.minutes)


def _check(run: Run, endpoint: Endpoint, server: Server) -> None:
    """The agreement gate, of other encodings too, and what cannot be asked of it."""
    result = run.result(endpoint)
    call = endpoint.protocol == "call"
    result.gate = inprocess.check_floor(server) if call else agreement_gate.check(endpoint, server)
    unfit = {load.text: agreement_gate.unfit(endpoint, rows=load.batch) for load in batch_loads(run.settings)}
    result.left_out = {load: problem for load, problem in unfit.items() if problem is not None}
    for problem in result.left_out.values():
        run.progress.note(f"{endpoint.name}: {problem.text}: not asked")
    if not result.gate.passed:
        run.progress.note(f"{endpoint.name}: wrong answers, will not be timed: {_said(result.gate.problem)}")
    elif endpoint.name in run.plan.judged_by_labels:
        result.labelled = labelled_answers.ask(endpoint, server)
    elif run.settings.payloads and not endpoint.deployment.variant and not call:
        result.encoding_gates = agreement_gate.check_others(endpoint, server)
        for name, found in result.encoding_gates.items():
            if not found.passed:
                run.progress.note(f"{endpoint.name}: {name} will not be timed: {_said(found.problem)}")


def _fits(run: Run, endpoint: Endpoint) -> bool:
    """Whether a request of one row can be sent to it at all; else its record says why not."""
    problem = agreement_gate.unfit(endpoint)
    if problem is not None:
        run.result(endpoint).unavailable = problem
        run.progress.note(f"{endpoint.name} cannot be measured: {problem.text}")
        run.save()
    return problem is None


def _bare_start(run: Run, deployment: Deployment) -> ColdStart:
    """A start that failed is kept with its reason."""
    order = cold_start.next_order(run.suite)
    repeat = cold_start.bare(deployment, order)
    endpoints = next(endpoints for planned, endpoints in run.plan.deployments if planned is deployment)
    asked = [replace(endpoint, deployment=repeat) for endpoint in endpoints]
    try:
        with run.fleet.apart(repeat) as server:
            found = cold_start.measure_start(server, asked, order)
            return found.cold_start.model_copy(update={"warmup": False})
    except ServerFailed as error:
        run.progress.note(f"a start of {deployment.name} without warm-up failed: {error}")
        return ColdStart(warmup=False, order=order, problem=error.problem)


def _said(problem: Problem | None) -> str:
    return problem.text if problem else ""
