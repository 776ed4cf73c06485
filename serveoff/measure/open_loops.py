"""Open loops, after the rounds: fixed rates, and the search for the highest rate that holds the objective."""

import math
import random
import sys
from typing import Final

from serveoff.loadtests.loads import OPEN_LOOP_CONNECTIONS, Load, round_rate
from serveoff.loadtests.search import seek
from serveoff.measure.attached import starting
from serveoff.measure.plan.plan import Plan
from serveoff.measure.plan.timing import ENOUGH, TIMEOUT_S, Timing
from serveoff.measure.run import Run
from serveoff.measure.slicing import take_slice
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.percentiles import min_samples
from serveoff.record.roles import role_of
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Endpoint

REPEATS: Final = 3
SLICE_S: Final = 1.0
"""A queue needs time to grow: longer than the slices of callers that wait."""
LEAD_IN_S: Final = 0.15
SWITCH_S: Final = 0.1
LONGEST_S: Final = 20.0
MARGIN: Final = 1.1
"""Arrivals are random: so many times the samples that the objective's percentile needs are due in a probe."""
FEWEST: Final = 3
"""Probes: of less a search says nothing."""
SEARCHED = (0.1, 1.1)
"""Rates to search between, as shares of the closed loop's best: more than it served then, it will hardly serve."""
DRIVEN = (0.3, 1.2)
"""The same for the null service."""
CEILING_PROBES = 5
LEADERS: Final = 3
SHARE: Final = 0.1
"""Of the time that a run is given, at most."""
_SLICE_S: Final = SLICE_S + LEAD_IN_S + SWITCH_S


def measure_open_loops(run: Run) -> None:
    """Every rate and the search, of every leader, in each repeat; and once of the null: what the generator can do."""
    order, asked = random.Random(run.settings.seed), leaders(run)
    for repeat in range(1, repeats(run.plan) + 1):
        for endpoint in order.sample(asked, len(asked)):
            _measure(run, endpoint, repeat)
    nulls = [e for e in run.plan.endpoints if role_of(e.deployment) == "null" and run.measured(e)]
    for endpoint in nulls if run.settings.probes else []:
        _search(run, endpoint, 1, DRIVEN, CEILING_PROBES)


def leaders(run: Run) -> list[Endpoint]:
    """The best three of a race, by rate where it was too short for a look; all that serve the model without a race."""
    served = [e for e in served_by(run.plan) if run.measured(e)]
    named = run.suite.looks[-1].leaders[:LEADERS] if run.suite.looks else []
    if named:
        return [e for e in served if e.name in named]
    if not run.settings.race:
        return served
    contenders = [e for e in served if role_of(e.deployment) == "contender"]
    return sorted(contenders, key=lambda e: -(best_closed_rate(run.result(e)) or 0.0))[:LEADERS]


def expected_s(plan: Plan) -> float:
    """Seconds that it should take."""
    asked = _asked(plan)
    return repeats(plan) * asked * _once_s(plan.settings) + CEILING_PROBES * _SLICE_S * (plan.settings.probes > 0)


def repeats(plan: Plan) -> int:
    """How often each is measured: as often as its share of the time allows."""
    s = plan.settings
    if s.minutes is None or not s.opens:
        return min(REPEATS, s.rounds or REPEATS)
    return max(1, min(REPEATS, int(SHARE * 60 * s.minutes / max(_asked(plan) * _once_s(s), 1.0))))


def served_by(plan: Plan) -> list[Endpoint]:
    """The endpoints that serve the model as the run compares it."""
    return [e for e in plan.endpoints if role_of(e.deployment) in ("contender", "stand-in")]


def _asked(plan: Plan) -> int:
    served = len(served_by(plan))
    return min(LEADERS, served) if plan.settings.race else served


def _once_s(settings: RunSettings) -> float:
    """Of one endpoint."""
    return (len(settings.open_shares) + settings.probes) * _SLICE_S


def best_closed_rate(result: EndpointResult) -> float | None:
    """Answered requests a second of the plain load that served most; None where nothing was answered."""
    totals: dict[Load, tuple[int, float]] = {}
    for window in result.windows:
        if window.load.plain and window.duration_s > 0:
            answered, seconds = totals.get(window.load, (0, 0.0))
            totals[window.load] = answered + window.requests - window.errors, seconds + window.duration_s
    return max((answered / seconds for answered, seconds in totals.values()), default=0.0) or None


def _measure(run: Run, endpoint: Endpoint, repeat: int) -> None:
    best = best_closed_rate(run.result(endpoint))
    if best is None:
        return
    for share in run.settings.open_shares:
        if endpoint.deployment.name in run.dead:
            return
        load = Load(OPEN_LOOP_CONNECTIONS, "poisson", _allowed(run, endpoint, best * share))
        run.progress.tick(f"open loop   {endpoint.name} at {load.rate:g} a second")
        taken = take_slice(run, endpoint, load, repeat, _lasting(ENOUGH / load.rate / repeats(run.plan)))
        starting.watch(run, endpoint, taken)
    if run.settings.probes:
        _search(run, endpoint, repeat, SEARCHED, run.settings.probes)


def _search(run: Run, endpoint: Endpoint, repeat: int, shares: tuple[float, float], probes: int) -> None:
    best = best_closed_rate(run.result(endpoint))
    if best is None or endpoint.deployment.name in run.dead:
        return
    s, (low, high) = run.settings, (_allowed(run, endpoint, best * share) for share in shares)
    probes = min(probes, _affordable(run, math.sqrt(low * high)) - (repeat - 1) * probes)
    if probes < FEWEST:
        if repeat == 1:
            run.progress.note(f"{endpoint.name} was not searched for its capacity: it is too slow for the time")
        return

    def holds(rate: float) -> bool:
        if endpoint.deployment.name in run.dead:
            return False
        load = Load(OPEN_LOOP_CONNECTIONS, "poisson", _allowed(run, endpoint, rate))
        run.progress.tick(f"capacity   {endpoint.name} at {load.rate:g} a second")
        taken = take_slice(run, endpoint, load, repeat, _lasting(_needed_s(s, load.rate)), search=True)
        starting.watch(run, endpoint, taken)
        return taken.holds(s.objective_quantile, s.objective_bound_s)

    seek(low, high, probes, holds)


def _allowed(run: Run, endpoint: Endpoint, rate: float) -> float:
    """The rate, or where its user said `--max-rate` no more than that."""
    pace_s = run.attached.pace_s(endpoint.name)
    return round_rate(min(rate, 1 / pace_s) if pace_s else rate)


def _affordable(run: Run, rate: float) -> int:
    """Probes of about this rate that an endpoint's share of the time has room for, over all repeats."""
    needed_s = _needed_s(run.settings, rate)
    once = _lasting(needed_s)
    if once.duration_s < needed_s:
        return 0
    if run.settings.minutes is None:
        return sys.maxsize
    return int(SHARE * 60 * run.settings.minutes / max(_asked(run.plan), 1) / (once.total_s + SWITCH_S))


def _needed_s(settings: RunSettings, rate: float) -> float:
    """Seconds in which so many requests are due that the objective's percentile can be told."""
    return MARGIN * min_samples(settings.objective_quantile) / rate


def _lasting(needed_s: float) -> Timing:
    """As long as that, and within bounds."""
    return Timing(LEAD_IN_S, max(SLICE_S, min(needed_s, LONGEST_S)), TIMEOUT_S)
