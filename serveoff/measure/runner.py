"""One run: every contender is started several times, each start serves its share of the rounds, and looks decide."""

import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from serveoff.errors import ServerFailed
from serveoff.interrupts import shielded
from serveoff.measure import layer_probe, open_loops
from serveoff.measure.audit.resource_audit import look_again
from serveoff.measure.drivers.workers import await_workers
from serveoff.measure.plan.plan import affordable, closing_s
from serveoff.measure.preparing import Planned, bare_starts, prepare_all, restart_all
from serveoff.measure.rounds import fill_up, measure_rounds
from serveoff.measure.run import Run
from serveoff.measure.runtimes import Server
from serveoff.record.raw_rows import join
from serveoff.services.registry import Endpoint


def measure(run: Run) -> None:
    """Do all that is not yet done; results are saved after every step, whatever ends the run."""
    try:
        await_workers(run)
        prepare_all(run)
        _read_memory(run)
        bare_starts(run)
        _race(run)
        fill_up(run)
        if run.settings.opens:
            open_loops.measure_open_loops(run)
        _ask_last(run)
        run.suite.complete = True
    finally:
        with shielded():
            run.suite.finished_at = datetime.now(UTC).isoformat(timespec="seconds")
            try:
                run.generator.close()
                run.fleet.close()
            finally:
                run.save()
    join(run.folder)


def _race(run: Run) -> None:
    """The rounds of every start, and a look after each from the second on."""
    sure, most = affordable(run.settings, time.monotonic() - run.began, _once_s(run))
    round_ = run.suite.rounds if run.settings.rounds is None else 0
    for start in range(1, most + 1):
        if not run.compares:
            return
        if start > 1:
            restart_all(run, start, _again(run, start, sure))
        last = math.inf if run.settings.rounds is None else run.settings.rounds * start // most
        if last > round_:
            until = time.monotonic() + _share_s(run, start, sure, most)
            run.progress.tick(f"rounds of start {start} of {most}")
            round_ = measure_rounds(run, round_ + 1, last, until, start)
            _read_memory(run)
        run.save()
        if run.settings.race and start > 1 and _decided(run, start, sure, most):
            return


def _read_memory(run: Run) -> None:
    """While all rest side by side, so that those which share pages share them with the same others."""
    memory = run.fleet.memory()
    for result in run.suite.endpoints:
        if result.deployment in memory:
            result.memory_bytes = max(result.memory_bytes or 0, memory[result.deployment])


def _decided(run: Run, start: int, sure: int, most: int) -> bool:
    """Look; whether all is decided and every contender has had its starts."""
    run.progress.tick("a look at the race")
    look = run.look(run.folder, start, len(run.suite.looks) + 1 + most - start)
    run.suite.looks.append(look)
    for name in look.out:
        result = run.suite.endpoint(name)
        if result is not None and result.out_after is None:
            result.out_after = start
    run.progress.standing(look)
    run.save()
    return look.decided and start >= sure


def _again(run: Run, start: int, sure: int) -> list[Planned]:
    """What is started once more: all contenders at first, then those that are in the race."""
    if start > sure:
        return _raced(run)
    return [(d, e) for d, e in run.plan.deployments if d in run.plan.repeated and run.served(d)]


def _raced(run: Run) -> list[Planned]:
    """Of what has several starts, the deployments with an endpoint that is in the race."""
    planned = [(d, e) for d, e in run.plan.deployments if d in run.plan.repeated and run.served(d)]
    return [(d, e) for d, e in planned if any(run.result(x).out_after is None for x in e if run.measured(x))]


def _once_s(run: Run) -> float:
    """Seconds that one more start of every contender takes."""
    return sum(run.start_s.get(deployment.name, 0.0) for deployment in run.plan.repeated)


def _share_s(run: Run, start: int, sure: int, most: int) -> float:
    """Seconds of this start's rounds: what is left, without later starts and what comes last, in equal parts."""
    if run.settings.minutes is None:
        return float("inf")
    raced_s = sum(run.start_s.get(deployment.name, 0.0) for deployment, _ in _raced(run))
    starts_s = _once_s(run) * max(sure - start, 0) + raced_s * max(most - max(start, sure), 0)
    last_s = open_loops.expected_s(run.plan) + closing_s(run.settings)
    return max(run.left_s - starts_s - last_s, 0.0) / (most - start + 1)


def _ask_last(run: Run) -> None:
    """After all that was timed: a network that a server builds to show its layers must not disturb a slice."""
    for deployment, endpoints in run.plan.deployments:
        if not run.served(deployment) or deployment.name in run.dead:
            continue
        run.progress.tick(f"layers and resources   {deployment.name}")
        try:
            _ask(run, run.fleet.wake(deployment), [e for e in endpoints if run.measured(e)])
            run.fleet.rest(deployment)
        except ServerFailed as error:
            run.fleet.stop(deployment)
            run.progress.note(f"{deployment.name} was not asked for its layers and resources: {error}")
    run.save()


def _ask(run: Run, server: Server, endpoints: Sequence[Endpoint]) -> None:
    for endpoint in endpoints:
        result = run.result(endpoint)
        if result.windows and layer_probe.wanted(endpoint) and not server.ended():
            result.layers = layer_probe.probe(endpoint, server)
        if result.resources is not None:
            result.resources = look_again(result.resources, server, run.settings)
