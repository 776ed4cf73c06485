"""The attached endpoints of one run: what each is sent and where, and what is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from serveoff.errors import UsageError
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.reading import reading
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.loads import POOL_BYTES
from serveoff.measure.agreement_gate import failed
from serveoff.measure.attached import gate, samples
from serveoff.measure.attached.care import Guard
from serveoff.measure.attached.exchanges import exchange_of, fitting, target_of
from serveoff.measure.attached.meters import Meter, meter_of
from serveoff.measure.attached.runtime import WithAttached
from serveoff.measure.runtimes import Runtime
from serveoff.models.tensors import Batch, take
from serveoff.record.attached import ATTACHED, AttachedEndpoint
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.problems import GateCode, Problem
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Deployment

CHANGED: Final = "start a new run: one run sends one set of samples"


@dataclass
class Attached:
    """By the endpoints' names."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    guards: Mapping[str, Guard] = field(default_factory=dict)
    meters: Mapping[str, Meter] = field(default_factory=dict)
    expected: Sequence[Batch] = ()
    """Of every sample, (1, ...) each; empty where nobody has told them yet."""
    fewer: str = ""
    """That not all samples are sent, and why; empty where they are."""

    def judge(self, result: EndpointResult) -> None:
        """The gate of one endpoint: against what is right, or, of the first, what the others are held against."""
        name = result.endpoint
        target, exchange = self.targets[name], self.exchanges[name]
        found: gate.Answers | None = None
        if self.expected:
            result.gate, found = gate.check(target, exchange, self.expected)
        elif name == next(iter(self.targets)):
            result.gate, found = gate.reference(target, exchange)
            result.reference = True
        else:
            first = next(iter(self.targets))
            text = f"nothing to compare its answers with: {first}, which comes first, gave none that can be relied on"
            result.gate = failed(Problem(code=GateCode.MISMATCH, text=text))
        if result.gate.passed and found is not None:
            self.expected = self.expected or found.readings
            self.exchanges[name] = exchange.expecting(self.expected, found.most_bytes)

    def pace_s(self, name: str) -> float:
        """Seconds between two requests to an endpoint, at least; 0 where there is no limit."""
        exchange = self.exchanges.get(name)
        return exchange.pace_s if exchange else 0.0

    def beside(self, own: Runtime) -> Runtime:
        """A runtime that has these, too."""
        if not self.targets:
            return own
        return WithAttached(own, {name: {t.protocol: t.address} for name, t in self.targets.items()}, self.meters)


def deployments(settings: RunSettings) -> list[Deployment]:
    """A deployment of each attached endpoint, as if the registry had it."""
    return [_deployment(endpoint, settings.model) for endpoint in settings.attached]


def attach(settings: RunSettings) -> Attached:
    """Everything of a run's attached endpoints, with nothing sent yet; of a run that has none, nothing.

    UsageError where the samples cannot be sent to one of them.
    """
    if not settings.attached:
        return Attached()
    if settings.samples and samples.sha256_of(settings.samples) != settings.samples_sha256:
        raise UsageError(f"{settings.samples} changed since the run began", CHANGED)
    given, endpoints = samples.read(settings.samples, settings.model), settings.attached
    found = fitting(endpoints, given)
    right = found.outputs
    return Attached(
        {endpoint.name: target_of(endpoint, settings.model) for endpoint in endpoints},
        {endpoint.name: exchange_of(endpoint, found) for endpoint in endpoints},
        {endpoint.name: Guard(endpoint.guarded) for endpoint in endpoints},
        {endpoint.name: meter_of(endpoint) for endpoint in endpoints},
        [] if right is None else [reading(take(right, slice(n, n + 1))) for n in range(found.count)],
        _fewer(found.count, given.count),
    )


def _fewer(sent: int, given: int) -> str:
    if sent == given:
        return ""
    return f"{sent} of {given} samples are sent, evenly apart: all requests would take more than {POOL_BYTES >> 20} MiB"


def _deployment(endpoint: AttachedEndpoint, model: str) -> Deployment:
    target = target_of(endpoint, model)
    return Deployment(
        name=endpoint.name,
        server=ATTACHED,
        format="",
        model=model,
        protocols=(target.protocol,),
        launcher="",
        path=target.path,
        attached=True,
        batches=False,
        service=endpoint.name,
    )
