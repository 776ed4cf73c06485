"""How many samples a percentile needs before it is reported.

A percentile p needs n samples with max(p, 1-p)^n <= 0.025: below that no two-sided 95% interval for it exists without
assuming a distribution (Hahn and Meeker, *Statistical Intervals*, 1991, section 5.2): 6 for p50, 36 for p90, 368 for
p99, 3,688 for p99.9.
"""

import math
from typing import Final

CONFIDENCE: Final = 0.95


def min_samples(percentile: float) -> int:
    """How many samples a percentile (0 to 1) needs: see above."""
    return math.ceil(math.log((1 - CONFIDENCE) / 2) / math.log(max(percentile, 1 - percentile)))
