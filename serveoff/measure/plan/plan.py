"""What a run will do: the endpoints chosen, and how long it should take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from serveoff.errors import UnknownName
from serveoff.measure.plan.variants import Variation, vary
from serveoff.record.roles import STAND_IN_SERVER, role_of
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Deployment, Endpoint

STARTUP_ESTIMATE_S = {
    "flask": 5.5,
    "flask-tuned": 5.5,
    "torchserve": 40.0,
    "tfserving-embedded": 9.5,
    "tfserving": 5.0,
    "inprocess": 5.0,
}
"""Seconds from spawn to gate passed and warm, to say beforehand how long it takes; measured on two cores."""
OTHER_STARTUP_S = 8.0
ATTACHED_S = 2.0
STARTS_SHARE = 0.55
"""Of the time, at most, for starts: in a short run there are fewer of them."""
FURTHER_SHARE = 0.15
"""Of the time, at most, for the starts beyond those that all have: few deployments have more of them than many."""
CLOSING_S, CLOSING_SHARE = 30.0, 0.08
"""For the layers, the last looks, and the report; in a short run no more than that share of its time."""


@dataclass(frozen=True)
class Plan:
    """The endpoints of one run, grouped by deployment in registry order, and how each is measured."""

    deployments: tuple[tuple[Deployment, tuple[Endpoint, ...]], ...]
    settings: RunSettings

    @property
    def endpoints(self) -> list[Endpoint]:
        """Every endpoint, in registry order."""
        return [endpoint for _, endpoints in self.deployments for endpoint in endpoints]

    def where(self, keep: Callable[[Deployment], bool]) -> Plan:
        """The same, but only with these deployments."""
        return replace(self, deployments=tuple((d, e) for d, e in self.deployments if keep(d)))

    def start_s(self, deployment: Deployment) -> float:
        """Seconds that a cold start and the gate should take; what already runs has the gate only."""
        if deployment.attached:
            return ATTACHED_S
        return STARTUP_ESTIMATE_S.get(deployment.server, OTHER_STARTUP_S)

    @property
    def judged_by_labels(self) -> set[str]:
        """The names of the endpoints of a lower precision, and of those that they are variants of."""
        lower = [endpoint for endpoint in self.endpoints if endpoint.deployment.precision]
        return {endpoint.name for endpoint in lower} | {endpoint.base_name for endpoint in lower}

    @property
    def repeated(self) -> list[Deployment]:
        """The deployments that have several starts: those that may rank, and their variants.

        Of the rest, which never rank, one start says enough; of a stand-in's variants, too.
        """
        deployments = (deployment for deployment, _ in self.deployments)
        ranked = [d for d in deployments if role_of(d) in ("contender", "variant") and d.server != STAND_IN_SERVER]
        return [d for d in ranked if not d.attached]

    @property
    def first_s(self) -> float:
        """Seconds that the first start of everything should take."""
        return sum(self.start_s(deployment) for deployment, _ in self.deployments)

    @property
    def once_s(self) -> float:
        """Seconds that one more start of every contender should take."""
        return sum(map(self.start_s, self.repeated))

    @property
    def expected_starts(self) -> tuple[int, int]:
        """How many starts each contender should have, and how many those that stay in the race."""
        return affordable(self.settings, self.first_s, self.once_s)

    @property
    def starts_s(self) -> float:
        """Seconds that all starts should take."""
        _, most = self.expected_starts
        return self.first_s + (most - 1 + self.settings.bare_starts) * self.once_s


def affordable(settings: RunSettings, spent_s: float, once_s: float) -> tuple[int, int]:
    """How many starts each contender has, and how many those that stay in the race: as far as there is time.

    `spent_s` have gone into the first, and one more of all contenders takes `once_s`.
    """
    s, most = settings, max(settings.starts, settings.race_starts) if settings.race else settings.starts
    if s.minutes is None or once_s == 0:
        return s.starts, most
    left_s = STARTS_SHARE * 60 * s.minutes - spent_s
    sure = max(1, min(s.starts, 1 + int(max(left_s, 0.0) / once_s)))
    further_s = min(left_s - (sure - 1) * once_s, FURTHER_SHARE * 60 * s.minutes)
    return sure, max(sure, min(most, sure + int(max(further_s, 0.0) / once_s)))


def closing_s(settings: RunSettings) -> float:
    """Seconds of a run's time that are kept for what comes last."""
    return CLOSING_S if settings.minutes is None else min(CLOSING_S, CLOSING_SHARE * 60 * settings.minutes)


def make_plan(
    registry: Sequence[Deployment],
    patterns: Sequence[str],
    settings: RunSettings,
    variations: Sequence[Variation] = (),
) -> Plan:
    """Choose endpoints by name or shell pattern (`flask-*`, `*-grpc`), of deployments or endpoints, and vary them.

    What is extra must be asked for, by its format or by a pattern that nothing else matches; beside what already runs,
    all must be. UnknownName where a pattern matches nothing, with the names there are.
    """
    usual = [d for d in registry if not d.extra or d.format in settings.extra]
    attached = [e for d in registry if d.attached for e in d.endpoints]
    found = attached if attached or patterns else [e for d in usual for e in d.endpoints]
    for pattern in patterns:
        meant = _meant(pattern, usual) or _meant(pattern, registry)
        if not meant:
            names = ", ".join(e.name for d in registry for e in d.endpoints)
            raise UnknownName(f"no deployment or endpoint is called {pattern!r}", f"there are: {names}")
        found += meant
    chosen = [(d, tuple(e for e in d.endpoints if e in found)) for d in registry]
    chosen = [(d, endpoints) for d, endpoints in chosen if endpoints]
    protocols = {d.service: [e.protocol for e in endpoints] for d, endpoints in chosen}
    variants = vary([d for d, _ in chosen], variations)
    varied = [(v, tuple(e for e in v.endpoints if e.protocol in protocols[v.base])) for v in variants]
    return Plan((*chosen, *varied), settings)


def answering_floors(plan: Plan, registry: Sequence[Deployment]) -> list[Deployment]:
    """The floors in the order in which they are asked for right answers: those of formats that the run visits first."""
    floors = {d.format: d for d in registry if role_of(d) == "floor"}
    return [floors[f] for f in dict.fromkeys((*(d.format for d, _ in plan.deployments), *floors)) if f in floors]


def find_deployment(registry: Sequence[Deployment], name: str) -> Deployment:
    """One deployment by its exact name; UnknownName with the names there are."""
    for deployment in registry:
        if name in (deployment.name, deployment.service):
            return deployment
    names = ", ".join(d.name for d in registry)
    raise UnknownName(f"no deployment is called {name!r}", f"there are: {names}")


def _meant(pattern: str, deployments: Sequence[Deployment]) -> list[Endpoint]:
    return [e for d in deployments for e in d.endpoints if _matches(e, pattern)]


def _matches(endpoint: Endpoint, pattern: str) -> bool:
    # A stand-in goes by its own name and by the one of the server it stands in for.
    names = {endpoint.name, endpoint.deployment.name, endpoint.deployment.service}
    if endpoint.protocol != "call":
        names.add(f"{endpoint.deployment.service}-{endpoint.protocol}")
    wanted = {pattern, pattern.replace("tfserving-embedded", "tfserving")}
    return any(fnmatchcase(name, p) for name in names for p in wanted)
