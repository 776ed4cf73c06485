"""What the steps of one run share."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serveoff.interrupts import shielded
from serveoff.loadtests.loads import Load
from serveoff.measure import agreement_gate
from serveoff.measure.attached.session import Attached
from serveoff.measure.audit.cgroups import cpu_quotas, own_groups
from serveoff.measure.drivers.generator import Generator
from serveoff.measure.fleet import Fleet
from serveoff.measure.plan.plan import Plan
from serveoff.measure.plan.timing import expected_s
from serveoff.measure.progress import RunProgress
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.race import Look
from serveoff.record.raw_rows import SliceWriter
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite, save_suite
from serveoff.services.registry import Deployment, Endpoint

LookAt = Callable[[Path, int, int], Look]
"""Looks at the run in this folder after so many starts, one of so many times: serveoff.analyse.race."""


@dataclass
class Run:
    """One run while it goes on."""

    plan: Plan
    fleet: Fleet
    generator: Generator
    folder: Path
    suite: Suite
    progress: RunProgress
    look: LookAt
    slices: SliceWriter
    number: int
    """Of the last slice."""
    attached: Attached = field(default_factory=Attached)
    """What it has of endpoints that already run."""
    dead: set[str] = field(default_factory=set)
    """Deployments whose process ended, or did not come up: until their next start."""
    answer_s: dict[tuple[str, Load], float] = field(default_factory=dict)
    """Median latency of the last slice, by the endpoint's name and its load."""
    switch_s: float = 0.0
    """What thaw and freeze took, the last time."""
    start_s: dict[str, float] = field(default_factory=dict)
    """What the last start of a deployment took, until it was at rest again."""
    processes: dict[tuple[str, int], frozenset[int]] = field(default_factory=dict)
    """Those of a deployment's start that were there all through its last slice."""
    limited: tuple[Path, ...] = field(default_factory=lambda: tuple(cpu_quotas(own_groups())))
    """The control groups of this process that have a CPU limit."""
    short_of_memory: bool = False
    """Servers were stopped while they rested, and the user knows."""
    failures: int = 0
    """Slices in a row for which the load generator failed."""

    def __post_init__(self) -> None:
        """What the run has taken so far began then, as if it had never been interrupted."""
        self.began = time.monotonic() - (self.suite.wall_s or 0.0)

    @property
    def settings(self) -> RunSettings:
        """What was asked for."""
        return self.plan.settings

    @property
    def cores(self) -> tuple[int, ...]:
        """Those of the servers and of the load generator; none where nothing is pinned."""
        return tuple(sorted({*self.settings.server_cpus, *self.settings.client_cpus}))

    @property
    def compares(self) -> bool:
        """Whether anything is left to compare: what already runs has no next start, and one alone is loaded in vain."""
        alive = sum(d.name not in self.dead and self.served(d) for d, _ in self.plan.deployments)
        if self.attached.targets:
            return alive > 1
        return alive > 0 or any(map(self.served, self.plan.repeated))

    @property
    def left_s(self) -> float:
        """Seconds of the time that the run may take; infinity where it may take any."""
        minutes = self.settings.minutes
        return float("inf") if minutes is None else 60 * minutes - (time.monotonic() - self.began)

    def save(self) -> None:
        """Write all that was measured and found so far."""
        with shielded():
            self.suite.wall_s = time.monotonic() - self.began
            self.slices.flush()
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
                **self._carried(endpoint),
            )
            self.suite.endpoints.append(found)
        return found

    def _carried(self, endpoint: Endpoint) -> dict[str, Any]:
        """What its requests carry; of one that already runs also where it is."""
        if endpoint.deployment.attached:
            names, target = list(self.attached.targets), self.attached.targets[endpoint.name]
            payload = "json" if endpoint.protocol == "rest" else "tensor"
            return {"payload": payload, "address": target.address, "place": names.index(endpoint.name)}
        return {
            "payload": agreement_gate.payload_kind(endpoint),
            "encodings": agreement_gate.encodings(endpoint),
            "taken": agreement_gate.taken(endpoint.deployment),
        }

    def measured(self, endpoint: Endpoint) -> bool:
        """Whether it may be timed: it is here, and its answers are right."""
        result = self.result(endpoint)
        return not result.unavailable and result.gate is not None and result.gate.passed

    def expected_s(self, endpoint: Endpoint, load: Load) -> float:
        """How long an answer should take under a load that nothing is known of."""
        gate = self.result(endpoint).gate
        return expected_s(load, gate.answer_s if gate else None)

    def served(self, deployment: Deployment) -> bool:
        """Whether any endpoint of a deployment may be timed."""
        return any(self.measured(e) for d, endpoints in self.plan.deployments if d is deployment for e in endpoints)
