"""One cold start: from the spawn of a fresh server to its first answers; and the repeats that a run makes of it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from serveoff.measure import agreement_gate
from serveoff.measure.audit.reported_settings import (
    read_device,
    read_executor,
    read_precision,
    read_settings,
    told_by,
)
from serveoff.measure.drivers import inprocess
from serveoff.measure.readiness import wait_port, wait_ready
from serveoff.measure.runtimes import Server
from serveoff.record.cold_starts import ColdStart
from serveoff.record.settings import RunSettings
from serveoff.record.startup_phases import LISTENING, WARMED, read_phases
from serveoff.record.suite import Suite
from serveoff.services.registry import Deployment, Endpoint

FOLLOWING: Final = 5
"""Requests right after the first, for contrast."""
LOG_GRACE_S = 1.0
"""How long a line may take from a server into its log; TorchServe passes its workers' lines on."""
POLL_EVERY_S = 0.01


@dataclass(frozen=True)
class Started:
    """A server that answers: its cold start, and what it says of the device it computes on and of how it is set."""

    cold_start: ColdStart
    device: str | None
    told: Mapping[str, int]
    executor: str = ""
    """What runs the artifact, where its format may be run by several."""
    precision: str = ""
    """The lower precision that it computes in."""


def measure_start(server: Server, endpoints: Sequence[Endpoint], order: int) -> Started:
    """Wait through every phase.

    To be called right after the spawn; ServerFailed where it does not come to an answer.
    """
    endpoint, log = endpoints[0], server.log
    begun = log.stat().st_size if log.exists() else 0
    create_s, start_s = server.created
    made = ColdStart(create_s=create_s, start_s=start_s, order=order)
    if endpoint.protocol == "call":
        reached, said = inprocess.wait_floor(server)
        known = {"ready_s": reached.ready_s, "first_answer_s": reached.first_answer_s}
        reached = made.model_copy(update={**known, "phases": read_phases(server.log, begun)})
        return Started(reached, said["device"], told_by(said), said["executor"])
    body = agreement_gate.body_of(endpoint)
    port_open_s = wait_port(server)
    ready_s = wait_ready(server)
    (first_at, first_s), *following = agreement_gate.first_answers(endpoint, server, body, 1 + FOLLOWING)
    update = {
        "port_open_s": port_open_s,
        "ready_s": ready_s,
        "first_answer_s": first_at - server.spawned_at,
        "protocol": endpoint.protocol,
        "first_request_s": first_s,
        "next_requests_s": [latency_s for _, latency_s in following],
        "phases": _whole_phases(server, begun),
    }
    made = made.model_copy(update=update)
    executor, precision = read_executor(server), read_precision(server)
    return Started(made, read_device(server), read_settings(server), executor, precision)


BARE: Final = ".start-without-warmup"
"""What the names of Compose services end with that start without warm-up."""


def bare(deployment: Deployment, number: int) -> Deployment:
    """The same deployment without its warm-up calls, under a name of its own: the one that is measured rests."""
    return replace(
        deployment,
        name=f"{deployment.name}{BARE}-{number}",
        service=f"{deployment.service}{BARE}",
        environment={**deployment.environment, "SERVING_WARMUP": "0"},
        base=deployment.base or deployment.service,
        changes={**deployment.changes, "WARMUP": "0"},
    )


def bare_due(suite: Suite, deployments: Sequence[Deployment], settings: RunSettings) -> Iterator[Deployment]:
    """What is still to be started without warm-up, in turns: only what wrote of one when it started."""
    for turn in range(1, settings.bare_starts + 1):
        for deployment in deployments:
            starts = starts_of(suite, deployment.name)
            made = sum(not start.warmup for start in starts)
            if made < turn and any(WARMED in start.phases for start in starts):
                yield deployment


def starts_of(suite: Suite, deployment: str) -> list[ColdStart]:
    """All starts of a deployment so far; none where it cannot be measured."""
    result = next((e for e in suite.endpoints if e.deployment == deployment and e.gate and e.gate.passed), None)
    return result.cold_starts if result is not None and not result.unavailable else []


def next_order(suite: Suite) -> int:
    """The place of the next start among all of the run."""
    return 1 + max((s.order or 0 for e in suite.endpoints for s in e.cold_starts), default=0)


def _whole_phases(server: Server, begun: int) -> dict[str, float]:
    """The phases, once the last of them is in the log; a server that writes none is not waited for."""
    end = time.monotonic() + LOG_GRACE_S
    while (found := read_phases(server.log, begun)) and LISTENING not in found and time.monotonic() < end:
        time.sleep(POLL_EVERY_S)
    return found
