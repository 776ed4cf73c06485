"""What the machine did to all endpoints of a round alike, taken out of their latencies, throughput and CPU time.

Machines drift by tens of percent within seconds, between a few speeds rather than around one. Latencies of many rounds
then have a hump for each speed, and a median that lies between two humps jumps from one to the other with a few more
rounds of either. It jumps at another share of them for each endpoint, so that in a ratio of two medians drift does not
cancel, although every round slowed both alike. So each slice's latencies are divided by how much slower its round was
for all: the median over endpoints of what their slice's median is of their own usual one, and of one more that is as
usual, so that of two endpoints only what both show counts. So are a slice's duration and CPU time. All figures are then
of all slices together, at the machine's mean speed over the run. Pairing in time is duet benchmarking's (Bulej et al.,
*ICPE* 2020); taking an effect of the block out is a two-way layout's (Tukey's median polish, 1977, one sweep of it).
What is usual for an endpoint that had a part of the rounds is told by those that had nearly all: one that left the race
would else be told at the speed that the machine had then.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Final

import numpy as np

from serveoff.analyse.statistics.draws import Unit
from serveoff.analyse.statistics.sampled import SliceSample

SEVERAL: Final = 2
"""Endpoints at least that a round must have: one alone does not say what it has in common with others."""
NEARLY_ALL: Final = 0.9
"""Of the rounds that any endpoint had: who had as many says how these differ."""
Slowness = Mapping[Unit, float]
"""By how much a round was slower for all than the mean one, as a logarithm."""


def slowness(points: Iterable[Sequence[SliceSample]]) -> Slowness:
    """Of every round, from the slices of all endpoints under one load; rounds of fewer than two have none."""
    beyond = beyond_usual(points).items()
    found = {unit: float(np.median([*values, 0.0])) for unit, values in beyond if len(values) >= SEVERAL}
    mean = float(np.mean(list(found.values()))) if found else 0.0
    return {unit: slower - mean for unit, slower in found.items()}


def beyond_usual(points: Iterable[Sequence[SliceSample]]) -> Mapping[Unit, list[float]]:
    """Of every round what each point's median lies beyond the point's usual one in a mean round, logarithms."""
    medians = [[(s.unit, math.log(float(np.median(s.latency_s)))) for s in of if s.latency_s.size] for of in points]
    medians = [own for own in medians if own]
    beyond: dict[Unit, list[float]] = defaultdict(list)
    for own, usual in zip(medians, _usual(medians) if medians else (), strict=True):
        for unit, median in own:
            beyond[unit].append(median - usual)
    return beyond


def _usual(medians: Sequence[Sequence[tuple[Unit, float]]]) -> list[float]:
    """Of each point in a mean round: the mean of its own, without what those rounds were slower for all."""
    most = max(len(own) for own in medians)
    first: dict[Unit, list[float]] = defaultdict(list)
    for own in medians:
        if len(own) >= NEARLY_ALL * most:
            mean = fmean(median for _, median in own)
            for unit, median in own:
                first[unit].append(median - mean)
    slower = {unit: float(np.median(values)) for unit, values in first.items()}
    level = fmean(slower.values())
    return [fmean(median - slower.get(unit, level) + level for unit, median in own) for own in medians]


def at_mean_speed(slices: Sequence[SliceSample], slower: Slowness) -> list[SliceSample]:
    """The slices as they would have been in a mean round."""
    return [_in_time(s, math.exp(-slower.get(s.unit, 0.0))) for s in slices]


def _in_time(of: SliceSample, share: float) -> SliceSample:
    """The same in this share of the time."""
    if share == 1.0:
        return of
    cpu_s = None if of.cpu_s is None else share * of.cpu_s
    latency_s, sent_s, duration_s = share * of.latency_s, share * of.sent_s, share * of.duration_s
    return replace(of, latency_s=latency_s, sent_s=sent_s, duration_s=duration_s, cpu_s=cpu_s)
