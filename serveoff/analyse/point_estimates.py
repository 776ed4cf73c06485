"""Slices to judged points: one per endpoint and load, over all starts and rounds."""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from serveoff.analyse.entries import Key, Point
from serveoff.analyse.judging.grounds import Grounds
from serveoff.analyse.judging.validity import interrupted, judge, loses
from serveoff.analyse.slice_rows import RunRows
from serveoff.analyse.statistics import common_drift, start_effect
from serveoff.analyse.statistics.common_drift import Slowness, slowness
from serveoff.analyse.statistics.draws import draw
from serveoff.analyse.statistics.estimates import ALL_PERCENTILES, NOTHING, STATISTICS, Array, Estimate, withheld
from serveoff.analyse.statistics.few_slices import moderated
from serveoff.analyse.statistics.machine_drift import MachineDrift, machine_drift
from serveoff.analyse.statistics.sampled import Sampled, SliceSample, estimate, resample
from serveoff.analyse.statistics.start_effect import StartEffects
from serveoff.loadtests.loads import Load, closed
from serveoff.loadtests.recording.windows import Window
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.roles import role_of
from serveoff.record.suite import Suite

FRAMEWORK: Final[Mapping[str, str]] = {
    "torchscript": "torch",
    "torch_eager": "torch",
    "torch_export": "torch",
    "onnx": "onnxruntime",
    "savedmodel": "tensorflow",
    "frozen_graph": "tensorflow",
    "keras_eager": "tensorflow",
}
"""Of a format. Starts are pooled by server and framework."""


@dataclass(frozen=True)
class Measured:
    """The raw side of one point: the slices that count and what was read of their rows, and those that do not."""

    result: EndpointResult
    load: Load
    windows: Sequence[Window]
    samples: Sequence[SliceSample]
    rows_read: int
    lost: Sequence[Window]
    problems: Sequence[str]
    longest_s: Sequence[float]
    """Of each slice, what its slowest request took, those of the lead-in too."""
    failures: Mapping[int, int] = field(default_factory=dict)
    """Requests that failed, by their status in the raw rows."""

    @property
    def latency_s(self) -> Array:
        """Of every good answer, (n,)."""
        return np.concatenate([np.empty(0), *(sample.latency_s for sample in self.samples)])

    @property
    def answered(self) -> int:
        """Requests with a good answer."""
        return sum(sample.latency_s.size for sample in self.samples)


def loads_of(result: EndpointResult, suite: Suite) -> list[Load]:
    """The loads this endpoint is judged at, plain ones first.

    All concurrencies that were asked for, and whatever else was measured; a floor has the one caller it had. Probes of
    a search are no points: each is one slice.
    """
    asked = {closed(c) for c in suite.settings.concurrencies}
    seen = {w.load for w in result.windows if not w.search}
    if role_of(result) == "variant":
        asked = {min(asked), max(asked)}
    if role_of(result) == "floor":
        asked = set() if seen else {min(asked)}
    return sorted(seen if result.unavailable else asked | seen, key=lambda load: (not load.plain, load))


def measure(result: EndpointResult, load: Load, rows: RunRows) -> Measured:
    """The slices of one point. Rows that are missing are a problem to report where a file cannot be read."""
    taken = [window for window in result.windows_of(load) if not interrupted(window)]
    kept = [window for window in taken if not loses(window)]
    found = [rows.read(window) for window in kept]
    short = any(read.rows == 0 < window.requests for window, read in zip(kept, found, strict=True))
    unread = (rows.problems or ("the raw rows are missing: rows/",)) if short else ()
    lost = [window for window in taken if loses(window)]
    samples, longest_s = [f.sample for f in found], [f.longest_s for f in found]
    failures = sum((read.failures for read in found), Counter())
    return Measured(result, load, kept, samples, sum(f.rows for f in found), lost, unread, longest_s, failures)


def side_by_side(points: Mapping[Key, Measured]) -> dict[Key, Measured]:
    """The points with each round's stretch of the run: the start that most slices of the round were of.

    What is started once, floors and endpoints that run already, has one start in rounds of all of the contenders'.
    """
    of_rounds = [sample for (_, load), of in points.items() if load.closed for sample in of.samples]
    starts: dict[int, Counter[int]] = {}
    for sample in of_rounds:
        starts.setdefault(sample.round, Counter())[sample.start] += 1
    stretches = {number: found.most_common(1)[0][0] for number, found in starts.items()}
    return {key: _in_stretches(of, stretches) if key[1].closed else of for key, of in points.items()}


def _in_stretches(measured: Measured, stretches: Mapping[int, int]) -> Measured:
    return replace(measured, samples=[replace(s, stretch=stretches[s.round]) for s in measured.samples])


def slowness_of(points: Mapping[Key, Measured]) -> dict[Load, Slowness]:
    """By how much each round was slower for all, under each plain load."""
    loads = {load for _, load in points if load.plain}
    return {load: slowness(m.samples for (_, own), m in points.items() if own == load) for load in loads}


def at_mean_speed(measured: Measured, slower: Mapping[Load, Slowness]) -> Measured:
    """The point at the machine's mean speed; of a load that is not plain as it was."""
    known = slower.get(measured.load)
    return replace(measured, samples=common_drift.at_mean_speed(measured.samples, known)) if known else measured


def drift_of(points: Mapping[Key, Measured]) -> MachineDrift:
    """How well that speed is known, from plain loads as they were."""
    return machine_drift(measured.samples for (_, load), measured in points.items() if load.plain)


def resample_all(
    points: Mapping[Key, Measured], drift: MachineDrift, seed: int
) -> tuple[dict[Key, dict[str, Sampled]], dict[str, StartEffects]]:
    """Every statistic of every point by the same draws, and of each statistic how starts differ."""
    draws = draw((sample.unit for measured in points.values() for sample in measured.samples), seed)
    found = {key: resample(measured.samples, draws) for key, measured in points.items()}
    raced = _raced(points)
    starts: dict[str, StartEffects] = {}
    for statistic in STATISTICS:
        keys = [key for key, sampled in found.items() if statistic in sampled]
        drawn_by = [seed, zlib.crc32(statistic.encode())]
        for alike in _by_load(keys):
            for key, sampled in moderated({key: found[key][statistic] for key in alike}, drawn_by).items():
                found[key][statistic] = sampled
        named = [_of(points[key], found[key][statistic]) for key in keys]
        telling = [point for key, point in zip(keys, named, strict=True) if key[1] in raced]
        starts[statistic] = start_effect.excesses(telling)
        added = start_effect.with_effects(named, starts[statistic], drawn_by)
        for key, sampled in zip(keys, added, strict=True):
            found[key][statistic] = replace(sampled, machine=drift.whole if key[1].plain else drift.beyond)
    return found, starts


def _by_load(keys: Sequence[Key]) -> Iterable[list[Key]]:
    """Those under loads whose slices vary alike: as many callers and rows, or as far up of an endpoint's open loops."""
    found: dict[tuple[object, ...], list[Key]] = {}
    for name, load in keys:
        below = sum(other.rate < load.rate for own, other in keys if own == name and not other.closed)
        alike = (load.plain, load.concurrency, load.batch) if load.closed else ("open", below)
        found.setdefault(alike, []).append((name, load))
    return found.values()


def _raced(points: Iterable[Key]) -> set[Load]:
    """The fewest callers and the most, which every round has: of others a start has a slice or two."""
    plain = sorted({load for _, load in points if load.plain}, key=lambda load: load.concurrency)
    return {*plain[:1], *plain[-1:]}


def _of(measured: Measured, sampled: Sampled) -> start_effect.Of:
    result = measured.result
    return start_effect.Of(result.deployment, result.server, _framework(result), measured.load.text, sampled)


def _framework(result: EndpointResult) -> str:
    return FRAMEWORK.get(result.format, result.format)


def start_deviations(suite: Suite, starts: StartEffects) -> dict[str, float]:
    """By endpoint, the standard deviation that a start adds to the logarithm of a statistic, where it is known."""
    found = {result.endpoint: starts.of(result.server, _framework(result)) for result in suite.endpoints}
    return {name: excess.deviation for name, excess in found.items() if excess is not None}


def judge_point(
    measured: Measured,
    sampled: Mapping[str, Sampled],
    suite: Suite,
    culprit: str,
    unequal: Sequence[str] = (),
    open_ceiling: float | None = None,
) -> Point:
    """The figures of one point and whether they count."""
    windows, settings = measured.windows, suite.settings
    grounds = Grounds(
        endpoint=measured.result,
        role=role_of(measured.result),
        windows=windows,
        run_complete=suite.complete,
        samples=measured.answered,
        rows_read=measured.rows_read,
        lost=measured.lost,
        starts_asked=settings.starts,
        cores=len({*settings.server_cpus, *settings.client_cpus}),
        shared_cores=sorted({*settings.server_cpus} & {*settings.client_cpus}) if not settings.expect_workers else [],
        row_problems=measured.problems,
        culprit=culprit,
        unequal=unequal,
        device_asked=settings.device,
        open_ceiling=open_ceiling,
        failures=measured.failures,
        quantile_s=_by_both_clocks(measured, settings.objective_quantile),
        bound_s=settings.objective_bound_s,
        longest_s=measured.longest_s,
        p50_s=sampled["p50"].value if "p50" in sampled else 0.0,
    )
    figures = _figures(measured, sampled)
    return Point(
        endpoint=measured.result.endpoint,
        load=measured.load,
        verdict=judge(grounds),
        rounds=len({(w.start, w.round) for w in windows}),
        samples=measured.answered,
        errors=sum(w.errors for w in windows),
        answers_checked=sum(w.answers_checked for w in windows),
        wrong_answers=sum(w.wrong_answers for w in windows),
        p50_s=figures["p50"],
        p90_s=figures["p90"],
        p99_s=figures["p99"],
        p999_s=figures["p99.9"],
        throughput=figures["throughput"],
        cpu_per_request_s=figures["cpu"],
        client_cpu_share=_rate(windows, "client_cpu_s", "duration_s"),
        network_in_per_request=_rate(windows, "server_network_in_bytes", "requests"),
        network_out_per_request=_rate(windows, "server_network_out_bytes", "requests"),
        throttled_share=_throttled_share(windows),
        starts=len({w.start for w in windows}),
    )


def _figures(measured: Measured, sampled: Mapping[str, Sampled]) -> dict[str, Estimate]:
    answered = measured.answered
    found = {name: estimate(sampled[name]) if name in sampled else NOTHING for name in STATISTICS}
    for name, quantile in ALL_PERCENTILES.items():
        if answered and name not in sampled:
            found[name] = withheld(answered, quantile)
    found |= {name: _by_send(found[name], measured, quantile) for name, quantile in ALL_PERCENTILES.items()}
    return found | {name: _as_observed(found[name], measured.samples) for name in ALL_PERCENTILES}


def _by_send(percentile: Estimate, measured: Measured, quantile: float) -> Estimate:
    """Of an open loop, from when requests were due; the lower bound is by as much less as from when they were sent."""
    clocks = _by_both_clocks(measured, quantile)
    if percentile.low is None or clocks is None:
        return percentile
    due, sent = clocks
    return replace(percentile, low=percentile.low * min(1.0, sent / due))


def _as_observed(percentile: Estimate, samples: Sequence[SliceSample]) -> Estimate:
    """Its interval, from the shortest latency at the least, by either clock, to the longest at the most.

    Deviations are extrapolated: few slices that differ much would say of an open loop that it may be quicker than any
    of its requests.
    """
    if percentile.low is None or percentile.high is None:
        return percentile
    answered = [sample for sample in samples if sample.latency_s.size]
    least = min(float(np.minimum(sample.latency_s, sample.sent_s).min()) for sample in answered)
    most = max(float(sample.latency_s.max()) for sample in answered)
    return replace(percentile, low=max(percentile.low, least), high=min(percentile.high, most))


def _by_both_clocks(measured: Measured, quantile: float) -> tuple[float, float] | None:
    if measured.load.closed or not measured.answered:
        return None
    due, sent = (
        np.concatenate([getattr(sample, clock) for sample in measured.samples]) for clock in ("latency_s", "sent_s")
    )
    return float(np.quantile(due, quantile)), float(np.quantile(sent, quantile))


def _throttled_share(windows: Sequence[Window]) -> float | None:
    """By a limit of its container, or where it has none that is known of the run's own control group."""
    own = _rate(windows, "server_throttled_s", "duration_s")
    return own if own is not None else _rate(windows, "group_throttled_s", "duration_s")


def _rate(windows: Sequence[Window], used: str, over: str) -> float | None:
    """One field of the windows over another, by their sums; windows that lack either are left out."""
    known = [(getattr(w, used), getattr(w, over)) for w in windows if getattr(w, used) is not None and getattr(w, over)]
    return float(sum(a for a, _ in known) / sum(b for _, b in known)) if known else None
