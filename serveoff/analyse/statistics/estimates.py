"""A figure with its 95% interval, withheld where there are too few samples for one: serveoff.record.percentiles."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from serveoff.record.percentiles import CONFIDENCE, min_samples

Array = npt.NDArray[np.float64]
PERCENTILES: Final[Mapping[str, float]] = {"p50": 0.50, "p90": 0.90, "p99": 0.99}
"""What every point is expected to have samples for."""
ALL_PERCENTILES: Final[Mapping[str, float]] = {**PERCENTILES, "p99.9": 0.999}
"""With those that are reported where there are samples for them, and whose lack is no doubt about a point."""
STATISTICS: Final = (*ALL_PERCENTILES, "throughput", "cpu")
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


def deepest(samples: int) -> float:
    """The highest quantile (0 to 1) that so many samples can support, by the rule of `min_samples`; 0: none of them."""
    return float(((1 - CONFIDENCE) / 2) ** (1 / samples)) if samples >= min_samples(0.5) else 0.0


def withheld(samples: int, percentile: float) -> Estimate:
    """No figure: so many samples `of` those that this percentile (0 to 1) needs."""
    return Estimate(None, None, None, samples, f"{samples:,} of {min_samples(percentile):,}")


def stored(deviations: Array) -> Array:
    """As analysis.json keeps them: what is read back then says the same."""
    return deviations.astype(np.float32).astype(np.float64)


def inverse(ratio: Estimate) -> Estimate:
    """The same ratio the other way round."""
    value, low, high = (1 / bound if bound else None for bound in (ratio.value, ratio.high, ratio.low))
    return Estimate(value, low, high, ratio.samples)


def half_width(estimate: Estimate) -> float:
    """How far the interval reaches from the figure on its wider side, as a share of it; infinite without one."""
    if not estimate.value or not estimate.low or not estimate.high:
        return math.inf
    return max(estimate.high / estimate.value, estimate.value / estimate.low) - 1
