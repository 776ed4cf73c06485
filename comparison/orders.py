"""What is asked of one endpoint in one round: the stages of its visits to Locust."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from comparison.load import Order
from comparison.plan import Profile
from comparison.results import EndpointResult
from loadtests.loads import OPEN_LOOP_CONNECTIONS, Load, Stage, closed

DIGITS = 3
"""Significant digits of a rate."""


def orders(result: EndpointResult, profile: Profile, round_: int, warmup_s: float) -> Iterator[Order]:
    """The visits of one round. Those of an open loop follow its closed loop's throughput, known after the first.

    Ask for the next one only after the windows of the last are in `result`.
    """
    stages = closed_stages(profile)
    if round_ == 1:
        yield Order(round_, 0, warmup_s, stages)
        if later := open_stages(result, profile):
            yield Order(round_, 1, profile.warmup_s, later)
    else:
        yield Order(round_, 0, warmup_s, (*stages, *open_stages(result, profile)))


def closed_stages(profile: Profile) -> tuple[Stage, ...]:
    """Callers that wait for their answers: single rows by number of callers, then batches of rows."""
    single = (Stage(closed(users), profile.window_s) for users in profile.concurrencies)
    fewest = min(profile.concurrencies)
    batches = (Stage(replace(closed(fewest), batch=rows), profile.batch_window_s) for rows in profile.batches)
    return (*single, *batches)


def open_stages(result: EndpointResult, profile: Profile) -> tuple[Stage, ...]:
    """Arrivals at shares of the best throughput that a closed loop reached in the first round; none without one."""
    best = best_closed_rate(result)
    if best is None:
        return ()
    rates = (round_rate(best * share) for share in profile.open_shares)
    return tuple(Stage(Load(OPEN_LOOP_CONNECTIONS, "poisson", rate), profile.open_window_s) for rate in rates)


def best_closed_rate(result: EndpointResult) -> float | None:
    """Answered requests a second of the best plain window of the first round; None where there is none."""
    windows = [w for w in result.windows if w.round == 1 and w.load.plain and w.duration_s > 0]
    rates = [(w.requests - w.errors) / w.duration_s for w in windows]
    return max(rates, default=0.0) or None


def round_rate(rate: float) -> float:
    """To three significant digits: the same rate in every round, fit to be read."""
    return float(f"{rate:.{DIGITS}g}")
