"""What a run will do, what is missing, and how long each part takes, before it starts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from serveoff.measure.plan.loads import Asked, asked_of
from serveoff.measure.plan.plan import Plan, closing_s
from serveoff.measure.plan.timing import timing
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.environment import Machine
from serveoff.record.problems import Problem, RequestCode
from serveoff.record.roles import Role, role_of
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Deployment, Endpoint

SWITCH_S: Final = 0.007
"""Of thaw and freeze, and of telling the generator; measured on two cores."""
USUAL_ANSWER_S: Final = 0.0017
"""Of a small model to one caller: of another nobody knows beforehand, and its rounds are fewer."""
BESIDE: Final[Mapping[Role, str]] = {
    "variant": "variant",
    "stand-in": "stand-in endpoint",
    "floor": "bare model",
    "null": "null service",
}
"""What is measured beside contenders and never ranked, one of each."""


def total_s(plan: Plan) -> float:
    """Seconds that a run should take: what it is given, or what its starts and rounds need; 0 without endpoints."""
    s = plan.settings
    if not plan.endpoints:
        return 0.0
    return 60 * s.minutes if s.minutes is not None else plan.starts_s + (s.rounds or 0) * round_s(plan)


def round_s(plan: Plan) -> float:
    """Seconds of a whole round of quick endpoints, the mean over rounds."""
    asked = (one for endpoint in plan.endpoints for one in asked_of(endpoint, _unknown(endpoint), plan.settings))
    return sum(_slice_s(one, plan.settings) / one.every for one in asked)


def _slice_s(asked: Asked, settings: RunSettings) -> float:
    """With its switch, and the answers that are still to come when it ends."""
    answer_s = USUAL_ANSWER_S * asked.load.concurrency * asked.load.batch
    return timing(asked, answer_s, SWITCH_S, settings).total_s + answer_s + SWITCH_S


def outline(plan: Plan, open_s: float, missing: Mapping[str, str]) -> Iterator[str]:
    """A line for each part; `missing` says of each format that the model lacks why."""
    yield from _compared(plan) if plan.endpoints else (f"Nothing to measure for {plan.settings.model}",)
    for format, reason in missing.items():
        yield f"  no {format}: {reason}"
    if plan.endpoints:
        yield from _sent(plan)
        yield from _parts(plan, open_s)


def _compared(plan: Plan) -> Iterator[str]:
    roles = Counter(role_of(endpoint.deployment) for endpoint in plan.endpoints)
    contenders = counted(roles["contender"], "contender")
    yield f"Comparing {contenders} for {plan.settings.model}: about {_minutes(total_s(plan))}"
    if beside := [counted(roles[role], name) for role, name in BESIDE.items() if roles[role]]:
        yield f"  not ranked: {', '.join(beside)}"
    if roles["stand-in"]:
        yield "  TensorFlow Serving is not here: its stand-in is measured and not ranked"


def _parts(plan: Plan, open_s: float) -> Iterator[str]:
    """How long starts, rounds and open loops take."""
    s = plan.settings
    sure, most = plan.expected_starts
    starts = f"{'up to ' if sure < most else ''}{counted(most, 'start')}"
    deployments = counted(len(plan.repeated), "deployment")
    if plan.repeated:
        yield f"  starting servers: about {_minutes(plan.starts_s)} ({deployments}, {starts} each)"
    if s.rounds is not None:
        yield f"  {counted(s.rounds, 'round')} of {s.slice_s:g} s slices: about {_minutes(s.rounds * round_s(plan))}"
    else:
        left_s = max(total_s(plan) - plan.starts_s - open_s - closing_s(s), 0.0)
        many = max(1, round(left_s / round_s(plan)))
        yield f"  about {counted(many, 'round')} of {s.slice_s:g} s slices: {_minutes(left_s)}"
    if s.opens:
        yield f"  open loop and capacity of the best: about {_minutes(open_s)}"


def spared(deployment: Deployment) -> Problem:
    """Why a short run leaves out what never ranks."""
    text = f"a {BESIDE[role_of(deployment)]} never ranks, and this run is short"
    return Problem(code=RequestCode.SHORT_RUN, text=text)


def held_back(settings: RunSettings, machine: Machine) -> str:
    """That a CPU limit holds for fewer cores than the processes of the run use; empty where none does."""
    servers = settings.server_cpus if settings.runtime == "local" else []
    used = len({*servers, *settings.client_cpus})
    if machine.cpu_limit is None or machine.cpu_limit >= used:
        return ""
    return (
        f"a CPU limit of {machine.cpu_limit:g} holds here, and the run uses {counted(used, 'core')}: latency will "
        "include throttling pauses; raise it (docker --cpus, limits.cpu, CPUQuota=) to measure whole cores"
    )


def _sent(plan: Plan) -> Iterator[str]:
    """What endpoints that already run are about to be sent: their owners may have to know."""
    callers = max(plan.settings.concurrencies)
    for endpoint in plan.settings.attached:
        rate = f", {endpoint.max_rate:g} requests/s at most" if endpoint.max_rate else ""
        care = "; left alone once 1% of them fail or its p99 stays three times as long" if endpoint.guarded else ""
        yield f"  sending to {endpoint.name} ({endpoint.url}): {counted(callers, 'request')} at a time{rate}{care}"


def counted(count: int, name: str) -> str:
    """`1 contender`, `3 contenders`."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _unknown(endpoint: Endpoint) -> EndpointResult:
    """Of an endpoint of which nothing is known yet."""
    d = endpoint.deployment
    return EndpointResult(
        endpoint=endpoint.name,
        deployment=d.name,
        server=d.server,
        format=d.format,
        protocol=endpoint.protocol,
        payload="",
    )


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"
