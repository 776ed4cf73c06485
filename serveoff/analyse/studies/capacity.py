"""Capacity under an objective: the highest arrival rate whose latency quantile stays within a bound, with no errors.

All open-loop windows of an endpoint are evidence: the probes of the search and the windows of fixed rates. Latency
does not fall as the rate rises, so the logarithm of the quantile is fitted by isotonic regression on the rate (Barlow
et al., *Statistical Inference under Order Restrictions*, 1972; scipy.optimize.isotonic_regression), and the capacity
is where the fit crosses the bound. A window with errors counts as far beyond the bound. The interval comes from
replicates that draw the windows again and, within each, blocks of time (`serveoff.analyse.statistics.blocks`).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.optimize import isotonic_regression

from serveoff.analyse.point_estimates import ReadWindow, role_of
from serveoff.analyse.statistics.blocks import Array, WindowSample, cut_blocks, quantile_replicates
from serveoff.analyse.statistics.bootstrap import Estimate, min_samples
from serveoff.loadtests.problems import FELL_BEHIND
from serveoff.loadtests.recording.windows import Window
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.problems import EvidenceCode, Problem
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite


@dataclass(frozen=True)
class Probe:
    """One open-loop window: its rate, and the objective's quantile of latency in seconds, from when requests were due.

    `latency_s` is None where requests failed. With a `problem` the window says nothing of the server.
    """

    rate: float
    round: int
    latency_s: float | None
    holds: bool
    requests: int
    errors: int
    problem: Problem | None = None


@dataclass(frozen=True)
class Capacity:
    """The highest rate at which one endpoint holds the objective, in requests a second."""

    endpoint: str
    rate: Estimate
    side: Literal["between", "above", "below", "none"]
    """`between` a rate that held and one that did not; else the capacity is `above` or `below` all that was tried."""
    probes: tuple[Probe, ...]
    per_cpu_s: float | None
    """Requests per CPU second of the server, at rates near it."""
    per_gb: float | None
    """The rate per 10^9 bytes of the server's peak memory."""
    reason: str
    per_joule: float | None = None
    """Requests per joule of the GPUs, at rates near it; None where it does not compute on one, or none is metered."""


RESAMPLES: Final = 400
NOTHING_HELD: Final = "no rate that was tried held the objective"
LOWEST_FAILED: Final = "by all their windows together, no rate that was tried held the objective"
BEYOND: Final = 100.0
"""Times the bound: what a window with errors counts as."""
NEAR: Final = 1.3
"""Windows whose rate is within this factor of the capacity tell what a request costs there."""
GB: Final = 1e9


def study(suite: Suite, read: ReadWindow) -> tuple[Capacity, ...]:
    """The capacity of every contender that had an open loop, highest first."""
    asked = [result for result in suite.endpoints if _asked(result)]
    found = [_with_energy(of(result, suite.settings, read), result) for result in asked]
    return tuple(sorted(found, key=lambda c: -(c.rate.value or 0.0)))


def fit(rates: Array, logs: Array, bound: float) -> float:
    """Where the isotonic fit of `logs` on the logarithm of `rates` crosses log(bound); the ends where it does not."""
    order = np.argsort(rates)
    rates, logs = rates[order], logs[order]
    levels, first = np.unique(rates, return_index=True)
    fitted = np.asarray(isotonic_regression(logs).x)
    means = np.add.reduceat(fitted, first) / np.diff(np.append(first, rates.size))
    target = math.log(bound)
    above = int(np.searchsorted(means, target, side="right"))
    if above == 0:
        return float(levels[0])
    if above == levels.size:
        return float(levels[-1])
    low, high = means[above - 1], means[above]
    share = (target - low) / (high - low)
    return float(math.exp(math.log(levels[above - 1]) + share * math.log(levels[above] / levels[above - 1])))


def _asked(result: EndpointResult) -> bool:
    return role_of(result) == "contender" and any(_counts(window) for window in result.windows)


def _counts(window: Window) -> bool:
    return window.arrivals == "poisson" and not window.payload and window.batch == 1


def of(result: EndpointResult, settings: RunSettings, read: ReadWindow) -> Capacity:
    """The capacity of one endpoint that had an open loop."""
    windows = [window for window in result.windows if _counts(window)]
    sampled = [(window, _sample(window, read)) for window in windows]
    probes = tuple(_probe(window, sample, settings) for window, sample in sampled)
    usable = [(w, s) for (w, s), probe in zip(sampled, probes, strict=True) if not probe.problem and s is not None]
    held = [p for p in probes if not p.problem and p.holds]
    failed = [p for p in probes if not p.problem and not p.holds]
    gate_failed = result.gate is not None and not result.gate.passed
    unread = "" if usable else next((p.problem.text for p in probes if p.problem), "nothing was measured")
    if reason := "the agreement gate failed" if gate_failed else unread or _generator_limit(probes, held, failed):
        rate = Estimate(None, None, None, sum(probe.requests for probe in probes))
        return Capacity(result.endpoint, rate, "none", probes, None, None, reason)
    if not failed or not held:
        return _one_sided(result, probes, bool(held), windows, "" if held else NOTHING_HELD)
    seed = [settings.seed, zlib.crc32(result.endpoint.encode())]
    rate = _estimate(usable, settings, seed)
    if rate.value in (lowest := min(w.rate for w, _ in usable), max(w.rate for w, _ in usable)):
        above = rate.value != lowest
        return _one_sided(result, probes, above, windows, "" if above else LOWEST_FAILED)
    return Capacity(result.endpoint, rate, "between", probes, *_cost(windows, rate.value or 0.0), "")


def fell_behind(probe: Probe) -> bool:
    """The load generator could not keep up with this rate."""
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
    cost = _cost(windows, edge) if above else (None, None)
    return Capacity(result.endpoint, rate, "above" if above else "below", probes, *cost, reason)


def _sample(window: Window, read: ReadWindow) -> WindowSample | None:
    found = read(window)
    return None if isinstance(found, str) or window.duration_s <= 0 else found.sample


def _probe(window: Window, sample: WindowSample | None, settings: RunSettings) -> Probe:
    quantile, bound_s = settings.objective_quantile, settings.objective_bound_s
    latency = None
    if sample is not None and sample.latency_s.size and not window.errors:
        latency = float(np.quantile(sample.latency_s, quantile))
    problem = _doubt(window, sample is not None, min_samples(quantile))
    holds = latency is not None and latency <= bound_s
    return Probe(window.rate, window.round, latency, holds, window.requests, window.errors, problem)


def _doubt(window: Window, readable: bool, needed: int) -> Problem | None:
    """Why a window says nothing of the server; errors do say something of it, however few samples there are."""
    if not readable:
        return Problem(code=EvidenceCode.NO_ROWS, text="its raw rows cannot be read")
    if window.problems:
        return window.problems[0]
    if not window.requests:
        return Problem(code=EvidenceCode.NO_REQUESTS, text="no request was due")
    if not window.errors and window.requests < needed:
        return Problem(code=EvidenceCode.FEW_SAMPLES, text=f"{window.requests:,} of {needed:,} samples")
    return None


def _estimate(usable: Sequence[tuple[Window, WindowSample]], settings: RunSettings, seed: Sequence[int]) -> Estimate:
    bound_s = settings.objective_bound_s
    rates = np.array([window.rate for window, _ in usable])
    values, replicates = zip(*(_logs(w, s, settings, [*seed, i]) for i, (w, s) in enumerate(usable)), strict=True)
    value = fit(rates, np.array(values), bound_s)
    table = np.array(replicates)
    random = np.random.default_rng(seed)
    drawn = []
    for number in range(RESAMPLES):
        chosen = random.integers(0, rates.size, rates.size)
        drawn.append(fit(rates[chosen], table[chosen, number], bound_s))
    low, high = np.quantile(drawn, [0.025, 0.975])
    samples = sum(window.requests for window, _ in usable)
    return Estimate(value, min(float(low), value), max(float(high), value), samples)


def _logs(window: Window, sample: WindowSample, settings: RunSettings, seed: Sequence[int]) -> tuple[float, Array]:
    """The logarithm of a window's quantile, and its replicates."""
    if window.errors or not sample.latency_s.size:
        beyond = math.log(BEYOND * settings.objective_bound_s)
        return beyond, np.full(RESAMPLES, beyond)
    latency, quantile = sample.latency_s, settings.objective_quantile
    block, block_s = cut_blocks([sample], float(np.median(latency)))
    share = np.full(block_s.size, 1 / block_s.size)
    draws = np.random.default_rng(seed).multinomial(block_s.size, share, RESAMPLES)
    (replicates,) = quantile_replicates(latency, block, draws, [quantile])
    smallest = float(latency.min())
    return math.log(float(np.quantile(latency, quantile))), np.log(np.maximum(replicates, smallest))


def _cost(windows: Sequence[Window], rate: float) -> tuple[float | None, float | None]:
    """Requests per CPU second of the server near that rate, and the rate per gigabyte of its peak memory."""
    near = [w for w in _near(windows, rate) if w.server_cpu_s]
    used = sum(w.server_cpu_s or 0.0 for w in near)
    memory = max((w.server_peak_memory_bytes or 0 for w in windows), default=0)
    per_cpu_s = sum(w.requests - w.errors for w in near) / used if used else None
    return per_cpu_s, rate / (memory / GB) if memory else None


def _near(windows: Sequence[Window], rate: float) -> list[Window]:
    return [w for w in windows if w.requests and rate / NEAR <= w.rate <= rate * NEAR]


def _with_energy(found: Capacity, result: EndpointResult) -> Capacity:
    """With requests per joule, where the capacity is known and the model computed on a GPU that is metered."""
    if found.rate.value is None or found.side == "below" or not (result.device or "").startswith("cuda"):
        return found
    near = [w for w in _near([w for w in result.windows if _counts(w)], found.rate.value) if w.gpu_energy_j]
    used_j = sum(w.gpu_energy_j or 0.0 for w in near)
    return replace(found, per_joule=sum(w.requests - w.errors for w in near) / used_j) if used_j else found
