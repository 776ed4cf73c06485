"""What a run will do: profiles, the endpoints chosen, and how long it should take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from comparison.deployments import Deployment, Endpoint
from comparison.errors import UnknownName
from comparison.variants import Variation, vary

STARTUP_ESTIMATE_S = {"flask": 4.5, "torchserve": 10.0, "tfserving-embedded": 6.5, "tfserving": 5.0, "inprocess": 4.5}
"""Seconds from spawn to gate passed, for the time-left display only; measured on two cores."""
LOCUST_ESTIMATE_S = 1.8
SETTLE_ESTIMATE_S = 0.22
FLOOR_WINDOW_SHARE = 0.5
CALL_WINDOW_S = 1.2
"""At least: Keras's `predict` takes 40 ms and more a call, and a point needs 36 of them over all rounds."""
SIDE_WINDOW_SHARE = 0.5
ONE_OF_EACH = "flask-torchscript+tfserving-savedmodel+torchserve-torchscript"
"""One deployment of each server."""
FIRST_WARMUP = 4
"""A server is first visited with so many times the warm-up: a Java server compiles itself while it serves."""


@dataclass(frozen=True)
class Objective:
    """What a deployment must hold: this quantile of latency within this bound, and no errors."""

    quantile: float = 0.99
    bound_s: float = 0.01
    probes: int = 6
    """Windows of one search for the highest rate that holds it, in each round; 0: no search."""


@dataclass(frozen=True)
class Profile:
    """How much to measure. Durations are seconds, per window or visit."""

    window_s: float
    warmup_s: float
    rounds: int
    concurrencies: tuple[int, ...]
    first_warmup_s: float
    """Warm-up of a server that has not been visited yet."""
    open_shares: tuple[float, ...] = ()
    """Rates of open-loop windows, as shares of the endpoint's best closed-loop throughput."""
    batches: tuple[int, ...] = ()
    """Input rows a request of the windows of batches."""
    payloads: bool = False
    """Also measure the other encodings that an endpoint takes."""
    objective: Objective = Objective(probes=0)
    variations: tuple[str, ...] = ()
    """Variants measured unless the user names others: comparison.variants."""

    @property
    def side_window_s(self) -> float:
        """Batches, other encodings, variants and probes are set against plain windows, and get less time each."""
        return max(self.window_s * SIDE_WINDOW_SHARE, 0.5)

    @property
    def floor_window_s(self) -> float:
        """A floor has one caller and no noise of a network: a shorter window gives as many samples."""
        return max(self.window_s * FLOOR_WINDOW_SHARE, 0.5)

    @property
    def floor_side_window_s(self) -> float:
        """Batches of a floor."""
        return max(self.floor_window_s * SIDE_WINDOW_SHARE, 0.5)

    @property
    def call_window_s(self) -> float:
        """Another way to call a floor's model."""
        return max(self.floor_side_window_s, CALL_WINDOW_S)


def make_profile(window_s: float, warmup_s: float, rounds: int, concurrencies: tuple[int, ...], **more: Any) -> Profile:
    """A profile whose first warm-up is as many times the usual one as is our rule; `more` are its other fields."""
    return Profile(window_s, warmup_s, rounds, concurrencies, FIRST_WARMUP * warmup_s, **more)


PROFILES = {
    "quick": make_profile(1.2, 0.5, 2, (1, 4, 16)),
    "default": make_profile(
        *(3.0, 1.0, 3, (1, 4, 16)),
        open_shares=(0.5, 0.8),
        batches=(32,),
        payloads=True,
        objective=Objective(probes=5),
        variations=(f"workers=2@{ONE_OF_EACH}",),
    ),
    "full": make_profile(
        *(8.0, 2.0, 5, (1, 2, 4, 8, 16, 32)),
        open_shares=(0.3, 0.5, 0.8),
        batches=(8, 32),
        payloads=True,
        objective=Objective(probes=8),
        variations=(f"workers=2,4@{ONE_OF_EACH}", f"batching=16@{ONE_OF_EACH}", "defaults"),
    ),
}


@dataclass(frozen=True)
class Plan:
    """The endpoints of one run, grouped by deployment in registry order, and how each is measured."""

    deployments: tuple[tuple[Deployment, tuple[Endpoint, ...]], ...]
    profile: Profile

    @property
    def endpoints(self) -> list[Endpoint]:
        """Every endpoint, in registry order."""
        return [endpoint for _, endpoints in self.deployments for endpoint in endpoints]

    def visit_s(self, endpoint: Endpoint) -> float:
        """Seconds that one round of one endpoint should take."""
        p = self.profile
        if endpoint.protocol == "call":
            calls_s = len(endpoint.payloads) * (1 + len(p.batches)) * p.call_window_s
            return p.floor_window_s + len(p.batches) * p.floor_side_window_s + calls_s
        side = len(p.batches) + p.objective.probes + p.payloads * len(endpoint.payloads)
        if endpoint.deployment.variant:
            return LOCUST_ESTIMATE_S + p.warmup_s + 2 * (p.side_window_s + SETTLE_ESTIMATE_S)
        full = len(p.concurrencies) + len(p.open_shares)
        windows_s = full * p.window_s + side * p.side_window_s
        return LOCUST_ESTIMATE_S + p.warmup_s + windows_s + (full + side) * SETTLE_ESTIMATE_S

    def start_s(self, deployment: Deployment) -> float:
        """Seconds that a cold start and the gate should take."""
        return STARTUP_ESTIMATE_S.get(deployment.server, 8.0)

    @property
    def total_s(self) -> float:
        """Seconds that the whole run should take."""
        starts = sum(self.start_s(deployment) for deployment, _ in self.deployments)
        served = sum(endpoint.protocol != "call" for endpoint in self.endpoints)
        starts += served * (self.profile.first_warmup_s - self.profile.warmup_s)
        starts += served * (LOCUST_ESTIMATE_S + self.profile.warmup_s) * bool(self.profile.open_shares)
        return starts + self.profile.rounds * sum(self.visit_s(endpoint) for endpoint in self.endpoints)


def make_plan(
    registry: Sequence[Deployment],
    patterns: Sequence[str],
    profile: Profile,
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
    return Plan((*chosen, *varied), profile)


def find_deployment(registry: Sequence[Deployment], name: str) -> Deployment:
    """One deployment by its exact name; UnknownName with the names there are."""
    for deployment in registry:
        if name in (deployment.name, deployment.service):
            return deployment
    names = ", ".join(d.name for d in registry)
    raise UnknownName(f"no deployment is called {name!r}", f"there are: {names}")


def _matches(endpoint: Endpoint, patterns: Sequence[str]) -> bool:
    # A stand-in goes by its own name and by the one of the server it stands in for.
    names = {endpoint.name, endpoint.deployment.name, endpoint.deployment.service}
    if endpoint.protocol != "call":
        names.add(f"{endpoint.deployment.service}-{endpoint.protocol}")
    wanted = {form for p in patterns for form in (p, p.replace("tfserving-embedded", "tfserving"))}
    return not patterns or any(fnmatchcase(name, p) for name in names for p in wanted)
