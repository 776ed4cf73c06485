"""What is asked of one endpoint in one round: the stages of its visits to Locust."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from serveoff.loadtests.loads import OPEN_LOOP_CONNECTIONS, Load, Seek, Stage, closed, round_rate
from serveoff.loadtests.payloads import others_of
from serveoff.loadtests.samples import NULL_FORMAT
from serveoff.measure.locust_driver import TIMEOUT_S, VisitRequest
from serveoff.measure.plan.plan import CEILING_PROBES
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.settings import FIRST_LOOK, RunSettings
from serveoff.services.registry import Endpoint

SEARCHED = (0.1, 1.1)
"""Rates to search between, as shares of the closed loop's best: more than it served then, it will hardly serve."""
DRIVEN = (0.3, 1.2)
"""The same for the null service."""
ENOUGH = 45
"""Answers of one point, over all rounds: without a p90, which takes 36 (bootstrap), a point does not count."""
LONGEST_WINDOW_S = 20.0
"""A window is not stretched beyond it: what is then lacking, the point says."""
PATIENCE = 4
"""A request may take so many times longer than it should."""


def visit_requests(
    endpoint: Endpoint, result: EndpointResult, settings: RunSettings, round_: int, warmup_s: float
) -> Iterator[VisitRequest]:
    """The visits of one round. Those of an open loop follow its closed loop's throughput, known after the first.

    Ask for the next one only after the windows of the last are in `result`.
    """
    stages = real_stages(endpoint, result, settings)
    timeout_s = patience_s(result, stages)
    if endpoint.deployment.variant or (result.format == NULL_FORMAT and round_ > 1):
        yield VisitRequest(round_, 0, warmup_s, stages, timeout_s)
    elif round_ == 1:
        yield VisitRequest(round_, 0, warmup_s, stages, timeout_s)
        if later := open_stages(result, settings):
            yield VisitRequest(round_, 1, settings.warmup_s, later, timeout_s)
    else:
        yield VisitRequest(round_, 0, warmup_s, (*stages, *open_stages(result, settings)), timeout_s)


def refused(result: EndpointResult) -> frozenset[str]:
    """The encodings that did not pass their gate: they are not measured."""
    return frozenset(name for name, gate in result.encoding_gates.items() if not gate.passed)


def least_window_s(settings: RunSettings, result: EndpointResult) -> float:
    """No window of single rows of this endpoint is shorter: a slow model has few answers in a short one.

    So long that one caller gets ENOUGH answers over the rounds that there will surely be, as quick as at the gate.
    """
    return min(ENOUGH * _answer_s(result) / _sure_rounds(settings), LONGEST_WINDOW_S)


def stretch_s(endpoint: Endpoint, result: EndpointResult, settings: RunSettings) -> float:
    """Seconds by which slow answers make the closed loops of one round longer; less than 0 where loads are left out."""
    planned = (floor_stages if endpoint.protocol == "call" else closed_stages)(endpoint, settings)
    real = real_stages(endpoint, result, settings)
    return sum(stage.duration_s for stage in real) - sum(stage.duration_s for stage in planned)


def real_stages(endpoint: Endpoint, result: EndpointResult, settings: RunSettings) -> tuple[Stage, ...]:
    """The closed loops of one round as they are measured: windows stretched, what cannot be asked left out."""
    least_s = least_window_s(settings, result)
    if endpoint.protocol == "call":
        return floor_stages(endpoint, settings, least_s)
    return closed_stages(endpoint, settings, least_s, refused(result), result.left_out.keys())


def patience_s(result: EndpointResult, stages: Sequence[Stage]) -> float:
    """Seconds after which a request failed: more than usual where many callers, or many rows, wait for a slow model."""
    waiting = max((stage.load.concurrency * stage.load.batch for stage in stages if stage.load.closed), default=1)
    return max(TIMEOUT_S, PATIENCE * _answer_s(result) * waiting)


def _answer_s(result: EndpointResult) -> float:
    """How long one answer took at the gate; 0 where none was timed."""
    return (result.gate and result.gate.answer_s) or 0.0


def _sure_rounds(settings: RunSettings) -> int:
    return min(settings.rounds, FIRST_LOOK) if settings.until_clear else settings.rounds


def closed_stages(
    endpoint: Endpoint,
    settings: RunSettings,
    least_s: float = 0.0,
    without: Set[str] = frozenset(),
    left_out: Set[str] = frozenset(),
) -> tuple[Stage, ...]:
    """Callers that wait for their answers: single rows by number of callers, other encodings, batches of rows.

    No encoding of those in `without`, and no load of those in `left_out`.
    """
    if endpoint.deployment.variant:
        return variant_stages(settings, least_s)
    window_s, side_window_s = (max(seconds, least_s) for seconds in (settings.window_s, settings.side_window_s))
    single = (Stage(closed(users), window_s) for users in settings.concurrencies)
    fewest = min(settings.concurrencies)
    encodings = [name for name in others_of(endpoint) if name not in without] if settings.payloads else []
    others = (Stage(replace(closed(fewest), payload=name), side_window_s) for name in encodings)
    batches = (Stage(load, settings.side_window_s) for load in batch_loads(settings) if load.text not in left_out)
    return (*single, *others, *batches)


def batch_loads(settings: RunSettings) -> tuple[Load, ...]:
    """The loads of many rows a request, in an endpoint's own encoding."""
    return tuple(replace(closed(min(settings.concurrencies)), batch=rows) for rows in settings.batches)


def floor_stages(endpoint: Endpoint, settings: RunSettings, least_s: float = 0.0) -> tuple[Stage, ...]:
    """One caller: single rows and batches, then the same by each other way to call the model (models.formats)."""
    rows = (1, *settings.batches)
    single_s = max(settings.floor_window_s, least_s)
    own = (Stage(Load(batch=n), single_s if n == 1 else settings.floor_side_window_s) for n in rows)
    calls = (Stage(Load(payload=name, batch=n), settings.call_window_s) for name in others_of(endpoint) for n in rows)
    return (*own, *calls)


def variant_stages(settings: RunSettings, least_s: float = 0.0) -> tuple[Stage, ...]:
    """A variant is set against its base only: with the fewest callers and with the most."""
    users = sorted({min(settings.concurrencies), max(settings.concurrencies)})
    return tuple(Stage(closed(number), max(settings.side_window_s, least_s)) for number in users)


def open_stages(result: EndpointResult, settings: RunSettings) -> tuple[Stage | Seek, ...]:
    """Arrivals at shares of the best throughput that a closed loop reached in the first round, and the search.

    It looks for the highest rate that holds the objective. Of the null service, which costs next to nothing, the search
    alone: how far the generator and the harness themselves come. Nothing without such a throughput.
    """
    best = best_closed_rate(result)
    if best is None:
        return ()
    if result.format == NULL_FORMAT:
        return _search(best, DRIVEN, CEILING_PROBES, settings)
    rates = (round_rate(best * share) for share in settings.open_shares)
    fixed = tuple(Stage(Load(OPEN_LOOP_CONNECTIONS, "poisson", rate), _open_s(rate, settings)) for rate in rates)
    return (*fixed, *_search(best, SEARCHED, settings.probes, settings))


def _open_s(rate: float, settings: RunSettings) -> float:
    """Seconds of an open-loop window: at a low rate, as long as ENOUGH requests take to come."""
    return max(settings.window_s, min(ENOUGH / rate / _sure_rounds(settings), LONGEST_WINDOW_S))


def _search(best: float, shares: tuple[float, float], probes: int, settings: RunSettings) -> tuple[Seek, ...]:
    """Nothing where no search is asked for: load workers cannot make one."""
    if not settings.probes:
        return ()
    low, high = (round_rate(best * share) for share in shares)
    return (Seek(low, high, settings.objective_quantile, settings.objective_bound_s, settings.side_window_s, probes),)


def best_closed_rate(result: EndpointResult) -> float | None:
    """Answered requests a second of the best plain window of the first round; None where there is none."""
    windows = [w for w in result.windows if w.round == 1 and w.load.plain and w.duration_s > 0]
    rates = [(w.requests - w.errors) / w.duration_s for w in windows]
    return max(rates, default=0.0) or None
