"""What a run will do and how long each part takes, before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from serveoff.measure.plan.loads import asked_of
from serveoff.measure.plan.plan import Plan
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.roles import role_of
from serveoff.services.registry import Endpoint

SWITCH_S: Final = 0.02
"""Of one slice, beyond its lead-in and what counts."""


def total_s(plan: Plan) -> float:
    """Seconds that a run should take: what it is given, or what its starts and rounds need."""
    s = plan.settings
    return 60 * s.minutes if s.minutes is not None else plan.starts_s + (s.rounds or 0) * round_s(plan)


def round_s(plan: Plan) -> float:
    """Seconds of a whole round of quick endpoints, the mean over rounds."""
    slice_s = plan.settings.slice_s + plan.settings.lead_in_s + SWITCH_S
    return sum(slice_s / asked.every for e in plan.endpoints for asked in asked_of(e, _unknown(e), plan.settings))


def outline(plan: Plan, open_s: float) -> Iterator[str]:
    """A line for each part."""
    s, several = plan.settings, len(plan.repeated)
    contenders = [e for e in plan.endpoints if role_of(e.deployment) == "contender"]
    yield f"{len(contenders)} contenders of {len(plan.endpoints)} endpoints, {_minutes(total_s(plan))} in all"
    starts = f"{s.starts} of each of {several} deployments" + (f", up to {s.race_starts} in the race" if s.race else "")
    yield f"  starts of servers: {starts}: about {_minutes(plan.starts_s)}"
    if s.rounds is not None:
        yield f"  {s.rounds} rounds of {s.slice_s:g} s slices: about {_minutes(s.rounds * round_s(plan))}"
    else:
        left_s = max(total_s(plan) - plan.starts_s - open_s, 0.0)
        many = max(1, round(left_s / round_s(plan)))
        yield f"  rounds of {s.slice_s:g} s slices: about {_minutes(left_s)}, for {many} of them"
    if s.opens:
        yield f"  open loop and capacity of the best: about {_minutes(open_s)}"


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
