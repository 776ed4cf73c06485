"""The start of an attached endpoint: nothing is started; it is asked for every sample, and warmed up."""

from serveoff.errors import ServerFailed
from serveoff.measure.drivers.generator import GeneratorFailed
from serveoff.measure.plan.loads import raced
from serveoff.measure.run import Run
from serveoff.measure.slicing import Taken, warm_up
from serveoff.record.problems import Problem
from serveoff.services.registry import Deployment, Endpoint


def prepare(run: Run, deployment: Deployment, endpoint: Endpoint) -> None:
    """Its gate, and a warm-up where it passed."""
    result = run.result(endpoint)
    if result.place == 0 and run.attached.fewer:
        run.progress.note(run.attached.fewer)
    run.fleet.start(deployment)
    run.attached.judge(result)
    if result.gate is None or not result.gate.passed:
        said = result.gate.problem.text if result.gate and result.gate.problem else ""
        run.progress.note(f"{endpoint.name} will not be timed: {said}")
    else:
        _warm(run, endpoint)
    run.save()


def watch(run: Run, endpoint: Endpoint, taken: Taken) -> None:
    """Leave it alone from now on where its last slice calls for it."""
    guard = run.attached.guards.get(endpoint.name)
    if guard is None or taken.rows is None:
        return
    found = guard.told(taken.window.load, taken.rows["status"], taken.rows["latency_s"])
    if found is not None:
        leave(run, endpoint, found)


def leave(run: Run, endpoint: Endpoint, why: Problem) -> None:
    """Nothing more is sent to it in this run."""
    run.result(endpoint).stopped = why
    run.dead.add(endpoint.deployment.name)
    run.progress.note(f"{endpoint.name} was {why.text}")
    run.generator.hang_up(endpoint)


def _warm(run: Run, endpoint: Endpoint) -> None:
    try:
        warm_up(run, endpoint, raced(run.settings)[-1], run.settings.warmup_s)
    except (GeneratorFailed, ServerFailed) as error:
        run.progress.note(f"{endpoint.name} was not warmed up: {error}")
