"""What a run will do: the endpoints chosen, and how long it should take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from serveoff.errors import UnknownName
from serveoff.loadtests.payloads import others_of
from serveoff.loadtests.samples import NULL_FORMAT
from serveoff.measure.plan.variants import UNVARIED, Variation, vary
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Deployment, Endpoint

STARTUP_ESTIMATE_S = {"flask": 4.5, "torchserve": 10.0, "tfserving-embedded": 6.5, "tfserving": 5.0, "inprocess": 4.5}
"""Seconds from spawn to gate passed, for the time-left display only; measured on two cores."""
LOCUST_ESTIMATE_S = 1.8
SETTLE_ESTIMATE_S = 0.22
CEILING_PROBES = 5
"""Side windows, in the first round only, of the search for what the load generator can drive."""


@dataclass(frozen=True)
class Plan:
    """The endpoints of one run, grouped by deployment in registry order, and how each is measured."""

    deployments: tuple[tuple[Deployment, tuple[Endpoint, ...]], ...]
    settings: RunSettings

    @property
    def endpoints(self) -> list[Endpoint]:
        """Every endpoint, in registry order."""
        return [endpoint for _, endpoints in self.deployments for endpoint in endpoints]

    def without(self, formats: Collection[str]) -> Plan:
        """The same, but for the deployments of these formats."""
        return replace(self, deployments=tuple((d, e) for d, e in self.deployments if d.format not in formats))

    def visit_s(self, endpoint: Endpoint) -> float:
        """Seconds that one round of one endpoint should take."""
        if endpoint.protocol == "call":
            return self.windows_s(endpoint)
        full, side = self._windows(endpoint)
        overhead_s = LOCUST_ESTIMATE_S + (full + side) * SETTLE_ESTIMATE_S
        return overhead_s + self.settings.warmup_s + self.windows_s(endpoint)

    def windows_s(self, endpoint: Endpoint) -> float:
        """Seconds of the windows of one round of one endpoint."""
        s = self.settings
        if endpoint.protocol == "call":
            calls_s = len(others_of(endpoint)) * (1 + len(s.batches)) * s.call_window_s
            return s.floor_window_s + len(s.batches) * s.floor_side_window_s + calls_s
        full, side = self._windows(endpoint)
        return full * s.window_s + side * s.side_window_s

    def _windows(self, endpoint: Endpoint) -> tuple[int, int]:
        """How many whole and how many side windows one round has; the null service has its open loop once."""
        s = self.settings
        if endpoint.deployment.variant:
            return 0, 2
        side = len(s.batches) + s.payloads * len(others_of(endpoint))
        if _null(endpoint):
            return len(s.concurrencies), side
        return len(s.concurrencies) + len(s.open_shares), side + s.probes

    def start_s(self, deployment: Deployment) -> float:
        """Seconds that a cold start and the gate should take."""
        return STARTUP_ESTIMATE_S.get(deployment.server, 8.0)

    @property
    def repeats_s(self) -> float:
        """Seconds that the repeats of cold starts should take."""
        more = self.settings.cold_starts - 1
        return sum(
            self.start_s(deployment) * (more + self.settings.starts_without_warmup * _has_warmup(deployment))
            for deployment in self.repeated
        )

    @property
    def repeated(self) -> list[Deployment]:
        """The deployments whose cold start is repeated: those that may rank."""
        return [d for d, _ in self.deployments if d.server not in UNVARIED and d.format != "null" and not d.variant]

    @property
    def total_s(self) -> float:
        """Seconds that the whole run should take, where it has all its rounds."""
        starts = sum(self.start_s(deployment) for deployment, _ in self.deployments) + self.repeats_s
        starts += len(self._served) * (self.settings.longest_warmup_s - self.settings.warmup_s)
        starts += len(self._opened) * (LOCUST_ESTIMATE_S + self.settings.warmup_s)
        probes = self._ceiling_probes * (self.settings.side_window_s + SETTLE_ESTIMATE_S)
        return starts + probes + self.settings.rounds * sum(self.visit_s(endpoint) for endpoint in self.endpoints)

    @property
    def measuring_s(self) -> float:
        """Seconds of it in warm-up and in measured windows."""
        s = self.settings
        warmups = (
            len(self._served) * (s.longest_warmup_s + (s.rounds - 1) * s.warmup_s) + len(self._opened) * s.warmup_s
        )
        windows = s.rounds * sum(self.windows_s(endpoint) for endpoint in self.endpoints)
        return warmups + windows + self._ceiling_probes * s.side_window_s

    @property
    def _served(self) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints if endpoint.protocol != "call"]

    @property
    def _opened(self) -> list[Endpoint]:
        """Those that are visited a second time in the first round, in an open loop."""
        s = self.settings
        return [e for e in self._served if not e.deployment.variant and (s.probes if _null(e) else s.opens)]

    @property
    def _ceiling_probes(self) -> int:
        return CEILING_PROBES * sum(map(_null, self._opened))


def _null(endpoint: Endpoint) -> bool:
    return endpoint.deployment.format == NULL_FORMAT


def make_plan(
    registry: Sequence[Deployment],
    patterns: Sequence[str],
    settings: RunSettings,
    variations: Sequence[Variation] = (),
) -> Plan:
    """Choose endpoints by name or shell pattern (`flask-*`, `*-grpc`), of deployments or endpoints, and vary them.

    UnknownName where a pattern matches nothing, with the names there are.
    """
    chosen = [(d, tuple(e for e in d.endpoints if _matches(e, patterns))) for d in registry]
    for pattern in patterns:
        if not any(_matches(e, [pattern]) for d in registry for e in d.endpoints):
            names = ", ".join(e.name for d in registry for e in d.endpoints)
            raise UnknownName(f"no endpoint is called {pattern!r}", f"there are: {names}")
    chosen = [(d, endpoints) for d, endpoints in chosen if endpoints]
    protocols = {d.service: [e.protocol for e in endpoints] for d, endpoints in chosen}
    variants = vary([d for d, _ in chosen], variations)
    varied = [(v, tuple(e for e in v.endpoints if e.protocol in protocols[v.base])) for v in variants]
    return Plan((*chosen, *varied), settings)


def find_deployment(registry: Sequence[Deployment], name: str) -> Deployment:
    """One deployment by its exact name; UnknownName with the names there are."""
    for deployment in registry:
        if name in (deployment.name, deployment.service):
            return deployment
    names = ", ".join(d.name for d in registry)
    raise UnknownName(f"no deployment is called {name!r}", f"there are: {names}")


def _has_warmup(deployment: Deployment) -> bool:
    """For the time left only: a start that wrote of a warm-up is what counts."""
    return not deployment.server.startswith("tfserving")


def _matches(endpoint: Endpoint, patterns: Sequence[str]) -> bool:
    # A stand-in goes by its own name and by the one of the server it stands in for.
    names = {endpoint.name, endpoint.deployment.name, endpoint.deployment.service}
    if endpoint.protocol != "call":
        names.add(f"{endpoint.deployment.service}-{endpoint.protocol}")
    wanted = {form for p in patterns for form in (p, p.replace("tfserving-embedded", "tfserving"))}
    return not patterns or any(fnmatchcase(name, p) for name in names for p in wanted)
