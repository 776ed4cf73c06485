"""What a run will do: profiles, the endpoints chosen, and how long it should take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from comparison.deployments import Deployment, Endpoint
from comparison.errors import UnknownName

STARTUP_ESTIMATE_S = {"flask": 4.5, "torchserve": 10.0, "tfserving-embedded": 6.5, "tfserving": 5.0, "inprocess": 4.5}
"""Seconds from spawn to gate passed, for the time-left display only; measured on two cores."""
LOCUST_ESTIMATE_S = 1.8
SETTLE_ESTIMATE_S = 0.22
FLOOR_WINDOW_SHARE = 0.5
SIDE_WINDOW_SHARE = 0.5
FIRST_WARMUP = 4
"""A server is first visited with so many times the warm-up: a Java server compiles itself while it serves."""


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

    @property
    def open_window_s(self) -> float:
        """An open loop needs no fewer samples than a closed one."""
        return self.window_s

    @property
    def batch_window_s(self) -> float:
        """Batches are judged by throughput, which a shorter window gives as well."""
        return max(self.window_s * SIDE_WINDOW_SHARE, 0.5)

    @property
    def side_windows_s(self) -> float:
        """Seconds in windows of other loads than the plain ones, in one round."""
        return len(self.open_shares) * self.open_window_s + len(self.batches) * self.batch_window_s

    @property
    def windows(self) -> int:
        """Windows of one round of one endpoint."""
        return len(self.concurrencies) + len(self.open_shares) + len(self.batches)


def make_profile(
    window_s: float,
    warmup_s: float,
    rounds: int,
    concurrencies: tuple[int, ...],
    open_shares: tuple[float, ...] = (),
    batches: tuple[int, ...] = (),
) -> Profile:
    """A profile whose first warm-up is as many times the usual one as is our rule."""
    return Profile(window_s, warmup_s, rounds, concurrencies, FIRST_WARMUP * warmup_s, open_shares, batches)


PROFILES = {
    "quick": make_profile(1.2, 0.5, 2, (1, 4, 16)),
    "default": make_profile(4.0, 1.0, 3, (1, 4, 16)),
    "full": make_profile(12.0, 2.0, 5, (1, 2, 4, 8, 16, 32)),
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
        if endpoint.protocol == "call":
            return self.floor_window_s
        p = self.profile
        plain_s = len(p.concurrencies) * p.window_s
        return LOCUST_ESTIMATE_S + p.warmup_s + plain_s + p.side_windows_s + p.windows * SETTLE_ESTIMATE_S

    @property
    def floor_window_s(self) -> float:
        """A floor has one caller and no noise of a network: a shorter window gives as many samples."""
        return max(self.profile.window_s * FLOOR_WINDOW_SHARE, 0.5)

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


def make_plan(registry: Sequence[Deployment], patterns: Sequence[str], profile: Profile) -> Plan:
    """Choose endpoints by name or shell pattern (`flask-*`, `*-grpc`), of deployments or endpoints.

    UnknownName where a pattern matches nothing, with the names there are.
    """
    chosen = [(d, tuple(e for e in d.endpoints if _matches(e, patterns))) for d in registry]
    for pattern in patterns:
        if not any(_matches(e, [pattern]) for d in registry for e in d.endpoints):
            names = ", ".join(e.name for d in registry for e in d.endpoints)
            raise UnknownName(f"no endpoint is called {pattern!r}", f"there are: {names}")
    return Plan(tuple((d, endpoints) for d, endpoints in chosen if endpoints), profile)


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
