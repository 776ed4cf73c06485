"""Capacity under an objective: the highest arrival rate whose latency quantile stays within a bound, with no errors.

All rates that an endpoint was asked for in an open loop are evidence: the probes of the search and the fixed rates,
whose slices count together. Latency does not fall as the rate rises, so the logarithm of the quantile is fitted by
isotonic regression on the rate (Barlow et al., *Statistical Inference under Order Restrictions*, 1972;
scipy.optimize.isotonic_regression), and the capacity is where the fit crosses the bound. A rate with errors counts as
far beyond the bound. The interval comes from replicates that draw the rates again and, within each, its slices, or
parts of them where they are few.

**Two clocks.** Latency from when a request was due holds the generator's own lateness, from when it was sent it does
not; the truth lies between. A rate that holds by one and not by the other says nothing; the capacity is by the first,
and the upper end of its interval by the second.
"""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from serveoff.analyse.judging.validity import LOSES, interrupted, loses
from serveoff.analyse.slice_rows import RunRows
from serveoff.analyse.statistics.estimates import Z_95, Array, Estimate
from serveoff.analyse.statistics.quantiles import crossings, cumulative, grid_of
from serveoff.analyse.statistics.sampled import SliceSample
from serveoff.analyse.stored_once import EndpointName
from serveoff.loadtests.problems import FELL_BEHIND, WindowCode
from serveoff.loadtests.recording.windows import Window
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.percentiles import min_samples
from serveoff.record.problems import EvidenceCode, Problem
from serveoff.record.roles import role_of
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite


@dataclass(frozen=True)
class Probe:
    """One rate: the objective's quantile of latency in seconds, from when requests were due and from when sent.

    Both are None where requests failed. With a `problem` the rate says nothing of the server.
    """

    rate: float
    slices: int
    latency_s: float | None
    sent_s: float | None
    holds: bool
    requests: int
    errors: int
    problem: Problem | None = None


@dataclass(frozen=True)
class _Asked:
    """One rate that was asked for: its windows that count and what was read of them."""

    rate: float
    windows: Sequence[Window]
    samples: Sequence[SliceSample]
    broke: bool
    """The server ended, fell silent or gave nothing but errors: the rate was too much, whatever it answered before."""
    problem: Problem | None
    """Why none of its windows counts."""

    @property
    def requests(self) -> int:
        return sum(window.requests for window in self.windows)

    @property
    def errors(self) -> int:
        return sum(window.errors for window in self.windows)


@dataclass(frozen=True)
class Capacity:
    """The highest rate at which one endpoint holds the objective, in requests a second."""

    endpoint: EndpointName
    rate: Estimate
    side: Literal["between", "above", "below", "none"]
    """`between` a rate that held and one that did not; else the capacity is `above` or `below` all that was tried."""
    probes: tuple[Probe, ...]
    reason: str
    per_cpu_s: float | None = None
    """Requests per CPU second of the server, at rates near it."""
    per_gb: float | None = None
    """The rate per 10^9 bytes of the server's memory."""
    per_joule: float | None = None
    """Requests per joule of the GPUs, at rates near it; None where it does not compute on one, or none is metered."""


RESAMPLES: Final = 400
NOTHING_HELD: Final = "the objective was met at none of the rates tried"
LOWEST_FAILED: Final = "over all slices together, the objective was met at none of the rates tried"
BEYOND: Final = 100.0
"""Times the bound: what a window with errors counts as."""
BREAKS: Final = frozenset(
    {WindowCode.SERVER_ENDED, WindowCode.SERVER_REPLACED, WindowCode.SERVER_SILENT, WindowCode.ONLY_ERRORS}
)
"""What a rate may do to a server."""
CLOCKS: Final = ("latency_s", "sent_s")
"""From when requests were due, and from when they were sent."""
FEW_SLICES: Final = 8
PARTS: Final = 20
NEAR: Final = 1.3
"""Slices whose rate is within this factor of the capacity tell what a request costs there."""
GB: Final = 1e9


def study(suite: Suite, rows: RunRows, starts: Mapping[str, float]) -> tuple[Capacity, ...]:
    """The capacity of every contender that had an open loop, highest first.

    `starts` is the standard deviation that a start adds to the logarithm of an endpoint's throughput: only one process
    of it was asked.
    """
    asked = [result for result in suite.endpoints if _asked(result)]
    found = [_of_any_start(of(r, suite.settings, rows), starts.get(r.endpoint, 0.0)) for r in asked]
    return tuple(sorted(found, key=lambda c: -(c.rate.value or 0.0)))


def _of_any_start(found: Capacity, deviation: float) -> Capacity:
    """Its interval, wider by what another process of the deployment may be capable of."""
    value, low, high = found.rate.value, found.rate.low, found.rate.high
    if not value or not low or not high:
        return found
    below, above = (math.hypot(math.log(bound / value), Z_95 * deviation) for bound in (low, high))
    return replace(found, rate=replace(found.rate, low=value * math.exp(-below), high=value * math.exp(above)))


def fit(rates: Array, logs: Array, bound: float) -> float:
    """Where the isotonic fit of `logs` on the logarithm of `rates` crosses log(bound); the ends where it does not."""
    order = np.argsort(rates)
    rates, logs = rates[order], logs[order]
    levels, first = np.unique(rates, return_index=True)
    fitted = np.asarray(isotonic_regression(logs).x)
    means = np.add.reduceat(fitted, first) / np.diff(np.append(first, rates.size))
    target = math.log(bound)
    above = int(np.searchsorted(means, target, side="right"))
    if above in (0, levels.size):
        return float(levels[-1 if above else 0])
    low, high = means[above - 1], means[above]
    share = (target - low) / (high - low)
    return float(math.exp(math.log(levels[above - 1]) + share * math.log(levels[above] / levels[above - 1])))


def _asked(result: EndpointResult) -> bool:
    return role_of(result) == "contender" and any(_counts(window) for window in result.windows)


def _counts(window: Window) -> bool:
    return window.arrivals == "poisson" and not window.payload and window.batch == 1


def of(result: EndpointResult, settings: RunSettings, rows: RunRows) -> Capacity:
    """The capacity of one endpoint that had an open loop."""
    windows = [window for window in result.windows if _counts(window)]
    asked = _by_rate(windows, rows)
    probes = tuple(_probe(each, settings) for each in asked)
    usable = [each for each, probe in zip(asked, probes, strict=True) if not probe.problem]
    held = [p for p in probes if not p.problem and p.holds]
    failed = [p for p in probes if not p.problem and not p.holds]
    gate_failed = result.gate is not None and not result.gate.passed
    unread = "" if usable else next((p.problem.text for p in probes if p.problem), "nothing was measured")
    if reason := "the agreement gate failed" if gate_failed else unread or _generator_limit(probes, held, failed):
        rate = Estimate(None, None, None, sum(probe.requests for probe in probes))
        return Capacity(result.endpoint, rate, "none", probes, reason)
    if not failed or not held:
        return _one_sided(result, probes, bool(held), windows, "" if held else NOTHING_HELD)
    rate = _estimate(usable, settings, [settings.seed, zlib.crc32(result.endpoint.encode())])
    if rate.value in (lowest := min(each.rate for each in usable), max(each.rate for each in usable)):
        above = rate.value != lowest
        return _one_sided(result, probes, above, windows, "" if above else LOWEST_FAILED)
    return Capacity(result.endpoint, rate, "between", probes, "", *_cost(result, windows, rate.value or 0.0))


def _by_rate(windows: Sequence[Window], rows: RunRows) -> list[_Asked]:
    """Fixed rates with all their slices, and each probe of the search, in the order in which they came."""
    rates: dict[tuple[float, int], list[Window]] = {}
    for window in windows:
        if not interrupted(window):
            rates.setdefault((window.rate, window.number if window.search else 0), []).append(window)
    found = []
    for (rate, _), same in rates.items():
        kept = [window for window in same if not loses(window)]
        lost = [p for w in same for p in w.problems if p.code in LOSES]
        broke = any(problem.code in BREAKS for problem in lost)
        problem = None if kept or broke else lost[0]
        samples = [rows.read(window).sample for window in kept]
        found.append(_Asked(rate, kept, [s for s in samples if s.latency_s.size], broke, problem))
    return found


def fell_behind(probe: Probe) -> bool:
    """The load generator was so late that it decides the answer."""
    return probe.problem is not None and probe.problem.code in FELL_BEHIND


def _generator_limit(probes: Sequence[Probe], held: Sequence[Probe], failed: Sequence[Probe]) -> str:
    """What to say where the generator was late just where the edge would be; nothing where it was not."""
    edge = max((p.rate for p in held), default=0.0)
    beyond = min((p.rate for p in failed if p.rate > edge), default=math.inf)
    late = [p.rate for p in probes if fell_behind(p) and edge < p.rate < beyond]
    return f"the load generator is the limit: it fell behind at {min(late):g} req/s" if late else ""


def _one_sided(
    result: EndpointResult, probes: tuple[Probe, ...], above: bool, windows: Sequence[Window], reason: str
) -> Capacity:
    """All rates hold, or none does, by what their windows show together: the capacity lies beyond what was asked."""
    counted = [probe for probe in probes if not probe.problem]
    samples = sum(probe.requests for probe in counted)
    edge = (max if above else min)(probe.rate for probe in counted)
    rate = Estimate(edge, None, None, samples)
    cost = _cost(result, windows, edge) if above else ()
    return Capacity(result.endpoint, rate, "above" if above else "below", probes, reason, *cost)


def _probe(asked: _Asked, settings: RunSettings) -> Probe:
    due_s, sent_s = (_quantile(asked, clock, settings.objective_quantile) for clock in CLOCKS)
    held = [value is not None and value <= settings.objective_bound_s for value in (due_s, sent_s)]
    problem = _doubt(asked, min_samples(settings.objective_quantile)) or _late(held)
    return Probe(asked.rate, len(asked.windows), due_s, sent_s, all(held), asked.requests, asked.errors, problem)


def _quantile(asked: _Asked, clock: str, quantile: float) -> float | None:
    if asked.errors or asked.broke or not asked.samples:
        return None
    return float(np.quantile(np.concatenate([getattr(sample, clock) for sample in asked.samples]), quantile))


def _late(held: Sequence[bool]) -> Problem | None:
    if len(set(held)) == 1:
        return None
    return Problem(
        code=WindowCode.LATE,
        text="the load generator was late: the objective holds only counted from when requests were sent",
    )


def _doubt(asked: _Asked, needed: int) -> Problem | None:
    """Why a rate says nothing of the server; errors do say something of it, however few samples there are."""
    if asked.problem or asked.broke:
        return asked.problem
    if not asked.requests:
        return Problem(code=EvidenceCode.NO_REQUESTS, text="no request was due")
    if not asked.samples and not asked.errors:
        return Problem(code=EvidenceCode.NO_ROWS, text="its raw rows cannot be read")
    if not asked.errors and asked.requests < needed:
        return Problem(code=EvidenceCode.FEW_SAMPLES, text=f"{asked.requests:,} of {needed:,} samples")
    return None


def _estimate(usable: Sequence[_Asked], settings: RunSettings, seed: Sequence[int]) -> Estimate:
    value, low, high = _by_clock(usable, CLOCKS[0], settings, seed)
    _, _, sent_high = _by_clock(usable, CLOCKS[1], settings, seed)
    samples = sum(asked.requests for asked in usable)
    return Estimate(value, min(low, value), max(high, sent_high, value), samples)


def _by_clock(
    usable: Sequence[_Asked], clock: str, settings: RunSettings, seed: Sequence[int]
) -> tuple[float, float, float]:
    """The capacity by one clock, and its 95% interval."""
    rates = np.array([asked.rate for asked in usable])
    drawn = [_logs(asked, clock, settings, [*seed, number]) for number, asked in enumerate(usable)]
    values, table = np.array([value for value, _ in drawn]), np.array([replicates for _, replicates in drawn])
    random = np.random.default_rng(seed)
    found = []
    for number in range(RESAMPLES):
        chosen = random.integers(0, rates.size, rates.size)
        found.append(fit(rates[chosen], table[chosen, number], settings.objective_bound_s))
    low, high = np.quantile(found, [0.025, 0.975])
    return fit(rates, values, settings.objective_bound_s), float(low), float(high)


def _logs(asked: _Asked, clock: str, settings: RunSettings, seed: Sequence[int]) -> tuple[float, Array]:
    """The logarithm of a rate's quantile, and its replicates, (RESAMPLES,)."""
    value = _quantile(asked, clock, settings.objective_quantile)
    if value is None:
        beyond = math.log(BEYOND * settings.objective_bound_s)
        return beyond, np.full(RESAMPLES, beyond)
    latency = np.concatenate([getattr(sample, clock) for sample in asked.samples])
    part, parts = _parts(asked.samples)
    weights = np.random.default_rng(seed).dirichlet(np.ones(parts), RESAMPLES).astype(np.float32)
    grid = grid_of(latency)
    replicates = crossings(grid, weights @ cumulative(latency, part, parts, grid), settings.objective_quantile)
    return math.log(value), np.log(np.maximum(replicates, float(latency.min())))


def _parts(samples: Sequence[SliceSample]) -> tuple[npt.NDArray[np.int64], int]:
    """What of a rate is drawn again: its slices, or where they are few equal parts of the time of each."""
    each = 1 if len(samples) >= FEW_SLICES else PARTS
    numbers = [
        i * each + np.clip(s.due_s / s.duration_s * each, 0, each - 1).astype(np.int64) for i, s in enumerate(samples)
    ]
    return np.concatenate(numbers), len(samples) * each


def _cost(result: EndpointResult, windows: Sequence[Window], rate: float) -> tuple[float | None, ...]:
    """Near that rate: requests per CPU second of the server, the rate per gigabyte of memory, requests per joule."""
    whole = [w for w in windows if w.requests and not loses(w) and not interrupted(w)]
    near = [w for w in whole if rate / NEAR <= w.rate <= rate * NEAR]
    on_gpu = (result.device or "").startswith("cuda")
    per_gb = rate / (result.memory_bytes / GB) if result.memory_bytes else None
    return _per(near, lambda w: w.server_cpu_s), per_gb, _per(near, lambda w: w.gpu_energy_j) if on_gpu else None


def _per(windows: Sequence[Window], used: Callable[[Window], float | None]) -> float | None:
    """Answered requests for each unit of what the windows used, where they say it."""
    known = [(_served(window), spent) for window in windows if (spent := used(window))]
    return sum(answered for answered, _ in known) / sum(spent for _, spent in known) if known else None


def _served(window: Window) -> int:
    """Answers of the time that its readings are of."""
    return window.requests - window.errors if window.served is None else window.served
