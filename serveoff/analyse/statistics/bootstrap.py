"""Statistics computed from raw rows: percentiles, throughput, and how sure each figure is.

**Intervals.** Each window is cut into equal blocks of time; a replicate of the run draws as many blocks as there are,
with replacement, from all rounds (block bootstrap with fixed blocks: Carlstein 1986; Lahiri, *Resampling Methods for
Dependent Data*, 2003, ch. 2). Blocks, not requests, because a pause or a queue delays many neighbours at once. The
quantiles of the replicates are widened for a small number of blocks (expanded percentile interval: Hesterberg, *What
Teachers Should Know About the Bootstrap*, 2015, section 5.2). Blocks cannot see that a machine is slower in one round
than in the next. Two or three rounds say little about that for one point, but all points of a run together say it well:
`round_noise` pools them, every interval holds that noise besides its own, and where a point's own rounds disagree by
more still, its interval is as wide as they say.

**Withheld percentiles.** A percentile p needs n samples with max(p, 1-p)^n <= 0.025: below that no two-sided 95%
interval for it exists without assuming a distribution (Hahn and Meeker, *Statistical Intervals*, 1991, section 5.2):
6 for p50, 36 for p90, 368 for p99, 3,688 for p99.9.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, ndtr, ndtri, stdtrit

from serveoff.analyse.statistics.blocks import Array, WindowSample, cut_blocks, quantile_replicates

PERCENTILES: Final[Mapping[str, float]] = {"p50": 0.50, "p90": 0.90, "p99": 0.99}
"""What every point is expected to have samples for."""
ALL_PERCENTILES: Final[Mapping[str, float]] = {**PERCENTILES, "p99.9": 0.999}
"""With those that are reported where there are samples for them, and whose lack is no doubt about a point."""
CONFIDENCE: Final = 0.95
RESAMPLES: Final = 1000
Z_95: Final = 1.959963984540054
"""Standard errors in half the width of a 95% interval."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95% interval and the number of samples it rests on; `withheld` says why there is none."""

    value: float | None
    low: float | None
    high: float | None
    samples: int
    withheld: str = ""


NOTHING: Final = Estimate(None, None, None, 0, "not measured")


@dataclass(frozen=True)
class Sampled:
    """One positive statistic of one point: its value, bootstrap replicates (b,) and value in each round (r,)."""

    value: float
    replicates: Array
    by_round: Array
    blocks: int
    samples: int


def min_samples(percentile: float) -> int:
    """How many samples a percentile (0 to 1) needs before it is reported: see the module's docstring."""
    return math.ceil(math.log((1 - CONFIDENCE) / 2) / math.log(max(percentile, 1 - percentile)))


def bootstrap(
    windows: Sequence[WindowSample], seed: int | Sequence[int], resamples: int = RESAMPLES
) -> dict[str, Sampled]:
    """Replicates of every statistic of one point, all from the same draws of blocks.

    A statistic with too few samples is absent. Keys: those of ALL_PERCENTILES, and `throughput` (requests a second).
    """
    windows = [w for w in windows if w.latency_s.size and w.duration_s > 0]
    if not windows:
        return {}
    latency = np.concatenate([w.latency_s for w in windows])
    block, block_s = cut_blocks(windows, float(np.median(latency)))
    draws = np.random.default_rng(seed).multinomial(block_s.size, np.full(block_s.size, 1 / block_s.size), resamples)
    sampled = {"throughput": _throughput(windows, block, block_s, draws)}
    usable = {name: q for name, q in ALL_PERCENTILES.items() if latency.size >= min_samples(q)}
    replicates = quantile_replicates(latency, block, draws, list(usable.values()))
    for (name, q), column in zip(usable.items(), replicates, strict=True):
        rounds = np.array([np.quantile(w.latency_s, q) for w in windows])
        sampled[name] = Sampled(float(np.quantile(latency, q)), column, rounds, block_s.size, latency.size)
    return sampled


def round_noise(points: Iterable[Sampled]) -> float:
    """How much the machine's rounds differ beyond what blocks explain: a standard deviation of the logarithm.

    Pooled over points by the median, so that one unstable endpoint does not widen all others. 0 for one round.
    """
    excess = [_excess(point) for point in points if point.by_round.size > 1]
    return math.sqrt(max(0.0, float(np.median(excess)))) if excess else 0.0


def estimate(sampled: Sampled, noise: float = 0.0) -> Estimate:
    """The value and its interval; `noise` is the run's `round_noise` for this statistic."""
    deviation = np.log(sampled.replicates / sampled.value)
    spread = _Rounds(np.log(sampled.by_round), noise**2 / sampled.by_round.size)
    return _interval(sampled.value, deviation, spread, sampled.blocks, sampled.samples)


def deepest(samples: int) -> float:
    """The highest quantile (0 to 1) that so many samples can support, by the rule of `min_samples`; 0: none of them."""
    return float(((1 - CONFIDENCE) / 2) ** (1 / samples)) if samples >= min_samples(0.5) else 0.0


def withheld(samples: int, percentile: float) -> Estimate:
    """No figure: so many samples `of` those that this percentile (0 to 1) needs."""
    return Estimate(None, None, None, samples, f"{samples:,} of {min_samples(percentile):,}")


def ratio(over: Sampled, under: Sampled, noise: float = 0.0) -> Estimate:
    """`over / under` with its interval. Rounds are paired where both have the same number, so shared drift cancels."""
    deviation = np.log(over.replicates / over.value) - np.log(under.replicates / under.value)
    paired = over.by_round.size == under.by_round.size
    rounds = np.log(over.by_round) - np.log(under.by_round) if paired else np.empty(0)
    spread = _Rounds(rounds, noise**2 * (1 / over.by_round.size + 1 / under.by_round.size))
    samples = min(over.samples, under.samples)
    return _interval(over.value / under.value, deviation, spread, min(over.blocks, under.blocks), samples)


def simultaneous(ratio: Estimate, comparisons: float) -> Estimate:
    """The interval that holds with 95% for all of so many comparisons together.

    Bonferroni's (Dunn, *Multiple Comparisons Among Means*, 1961), on the scale of logarithms. Fractions are of use
    where comparisons do not share the error evenly: serveoff.analyse.statistics.alpha_spending.
    """
    if ratio.value is None or ratio.low is None or ratio.high is None or comparisons <= 1:
        return ratio
    wider = float(ndtri(1 - (1 - CONFIDENCE) / 2 / comparisons)) / Z_95
    below, above = math.log(ratio.value / ratio.low) * wider, math.log(ratio.high / ratio.value) * wider
    return Estimate(ratio.value, ratio.value * math.exp(-below), ratio.value * math.exp(above), ratio.samples)


def all_pairs(count: int) -> int:
    """Pairs among so many: who is best is chosen by the data, so each of them is compared with every other."""
    return count * (count - 1) // 2


def per_request(throughput: Sampled, resource_s: Sequence[float], requests: Sequence[int]) -> Sampled:
    """A resource, read once a window (seconds), per request: the uncertainty is that of the requests it bought."""
    used, bought = np.asarray(resource_s, float), np.asarray(requests, float)
    value = float(used.sum() / bought.sum())
    replicates = value * throughput.value / throughput.replicates
    return Sampled(value, replicates, used / bought, throughput.blocks, int(bought.sum()))


@dataclass(frozen=True)
class _Rounds:
    """Logarithms of a statistic in each round (r,), and the variance that the run's noise adds to their mean."""

    logs: Array
    noise_variance: float

    @property
    def apart(self) -> float:
        """Half the interval that this point's rounds alone would give."""
        return Z_95 * float(self.logs.std(ddof=1)) / math.sqrt(self.logs.size) if self.logs.size > 1 else 0.0


def _excess(point: Sampled) -> float:
    degrees = point.by_round.size - 1
    median_factor = chdtri(degrees, 0.5) / degrees
    within = point.by_round.size * np.log(point.replicates / point.value).var()
    return float(np.log(point.by_round).var(ddof=1) / median_factor - within)


def _interval(value: float, deviation: Array, rounds: _Rounds, blocks: int, samples: int) -> Estimate:
    tail = ndtr(math.sqrt(blocks / (blocks - 1)) * stdtrit(blocks - 1, (1 - CONFIDENCE) / 2))
    low, high = np.quantile(deviation, [tail, 1 - tail])
    noise = Z_95 * math.sqrt(rounds.noise_variance)
    below = max(math.hypot(min(low, 0.0), noise), rounds.apart)
    above = max(math.hypot(max(high, 0.0), noise), rounds.apart)
    return Estimate(value, value * math.exp(-below), value * math.exp(above), samples)


def _throughput(
    windows: Sequence[WindowSample],
    block: npt.NDArray[np.int64],
    block_s: Array,
    draws: npt.NDArray[np.int64],
) -> Sampled:
    counts = np.bincount(block, minlength=block_s.size)
    seconds = sum(w.duration_s for w in windows)
    # A replicate that draws only empty blocks has no rate: half a request keeps its logarithm finite.
    replicates = np.maximum(draws @ counts, 0.5) / (draws @ block_s)
    rounds = np.array([w.latency_s.size / w.duration_s for w in windows])
    return Sampled(float(counts.sum() / seconds), replicates, rounds, block_s.size, int(counts.sum()))
