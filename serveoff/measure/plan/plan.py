"""What a run will do: profiles, the endpoints chosen, and how long it should take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from serveoff.errors import UnknownName
from serveoff.loadtests.samples import NULL_FORMAT
from serveoff.measure.plan.variants import UNVARIED, Variation, vary
from serveoff.services.registry import Deployment, Endpoint

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
CEILING_PROBES = 5
"""Side windows, in the first round only, of the search for what the load generator can drive."""
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
    """Variants measured unless the user names others: serveoff.measure.plan.variants."""
    cold_starts: int = 1
    """Starts of every deployment that may rank, the one that is then measured included."""
    cold_without_warmup: bool = True
    """Also start them without warm-up calls, once for every two starts with them."""

    until_clear: bool = False
    """End before the last round once the answers are clear: serveoff.measure.early_stopping."""
    least_s: float = 0.0
    """No window of single rows is shorter: serveoff.measure.plan.visit_schedule stretches those of slow endpoints."""

    @property
    def starts_without_warmup(self) -> int:
        """How many a deployment that has a warm-up gets."""
        return self.cold_starts // 2 if self.cold_without_warmup else 0

    @property
    def opens(self) -> bool:
        """Whether anything is asked in an open loop."""
        return bool(self.open_shares) or self.objective.probes > 0

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
        *(4.0, 1.0, 3, (1, 4, 16)),
        open_shares=(0.5, 0.8),
        batches=(32,),
        payloads=True,
        objective=Objective(probes=5),
        until_clear=True,
        variations=(f"workers=2@{ONE_OF_EACH}", "defaults"),
        cold_starts=3,
    ),
    "full": make_profile(
        *(8.0, 2.0, 5, (1, 2, 4, 8, 16, 32)),
        open_shares=(0.3, 0.5, 0.8),
        batches=(8, 32),
        payloads=True,
        objective=Objective(probes=8),
        until_clear=True,
        variations=(f"workers=2,4@{ONE_OF_EACH}", f"batching=16@{ONE_OF_EACH}", "defaults"),
        cold_starts=5,
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

    def without(self, formats: Collection[str]) -> Plan:
        """The same, but for the deployments of these formats."""
        return replace(self, deployments=tuple((d, e) for d, e in self.deployments if d.format not in formats))

    def visit_s(self, endpoint: Endpoint) -> float:
        """Seconds that one round of one endpoint should take."""
        if endpoint.protocol == "call":
            return self.windows_s(endpoint)
        full, side = self._windows(endpoint)
        overhead_s = LOCUST_ESTIMATE_S + (full + side) * SETTLE_ESTIMATE_S
        return overhead_s + self.profile.warmup_s + self.windows_s(endpoint)

    def windows_s(self, endpoint: Endpoint) -> float:
        """Seconds of the windows of one round of one endpoint."""
        p = self.profile
        if endpoint.protocol == "call":
            calls_s = len(endpoint.payloads) * (1 + len(p.batches)) * p.call_window_s
            return p.floor_window_s + len(p.batches) * p.floor_side_window_s + calls_s
        full, side = self._windows(endpoint)
        return full * p.window_s + side * p.side_window_s

    def _windows(self, endpoint: Endpoint) -> tuple[int, int]:
        """How many whole and how many side windows one round has; the null service has its open loop once."""
        p = self.profile
        if endpoint.deployment.variant:
            return 0, 2
        side = len(p.batches) + p.payloads * len(endpoint.payloads)
        if _null(endpoint):
            return len(p.concurrencies), side
        return len(p.concurrencies) + len(p.open_shares), side + p.objective.probes

    def start_s(self, deployment: Deployment) -> float:
        """Seconds that a cold start and the gate should take."""
        return STARTUP_ESTIMATE_S.get(deployment.server, 8.0)

    @property
    def repeats_s(self) -> float:
        """Seconds that the repeats of cold starts should take."""
        more = self.profile.cold_starts - 1
        return sum(
            self.start_s(deployment) * (more + self.profile.starts_without_warmup * _has_warmup(deployment))
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
        starts += len(self._served) * (self.profile.first_warmup_s - self.profile.warmup_s)
        starts += len(self._opened) * (LOCUST_ESTIMATE_S + self.profile.warmup_s)
        probes = self._ceiling_probes * (self.profile.side_window_s + SETTLE_ESTIMATE_S)
        return starts + probes + self.profile.rounds * sum(self.visit_s(endpoint) for endpoint in self.endpoints)

    @property
    def measuring_s(self) -> float:
        """Seconds of it in warm-up and in measured windows."""
        p = self.profile
        warmups = len(self._served) * (p.first_warmup_s + (p.rounds - 1) * p.warmup_s) + len(self._opened) * p.warmup_s
        windows = p.rounds * sum(self.windows_s(endpoint) for endpoint in self.endpoints)
        return warmups + windows + self._ceiling_probes * p.side_window_s

    @property
    def _served(self) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints if endpoint.protocol != "call"]

    @property
    def _opened(self) -> list[Endpoint]:
        """Those that are visited a second time in the first round, in an open loop."""
        p = self.profile
        return [e for e in self._served if not e.deployment.variant and (p.objective.probes if _null(e) else p.opens)]

    @property
    def _ceiling_probes(self) -> int:
        return CEILING_PROBES * sum(map(_null, self._opened))


def _null(endpoint: Endpoint) -> bool:
    return endpoint.deployment.format == NULL_FORMAT


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
