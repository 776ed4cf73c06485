"""Yearly sunspot numbers, 1700 to 2008, as statsmodels ships them.

Source: National Geophysical Data Center, Boulder, and SILSO, Royal Observatory of Belgium, https://www.sidc.be/SILSO.
Training ends with 1920, as in A. Weigend, B. Huberman, D. Rumelhart, "Predicting the future: a connectionist
approach", International Journal of Neural Systems 1 (1990), which made this series a benchmark.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from statsmodels.datasets import sunspots

from serveoff.models.zoo.timeseries_lstm import YEARS

FIRST_YEAR = 1700
LAST_LEARNED = 1920


@dataclass(frozen=True)
class Split:
    """Windows (n, 48, 1) float32 of sunspot numbers, and the number of the year after each, (n, 1) float32."""

    years: NDArray[np.float32]
    following: NDArray[np.float32]


def load() -> tuple[Split, Split]:
    """The training and the held-out split, each in the order of the years that are to be forecast.

    No year that is to be forecast in the held-out split is in the training split; earlier years are, as inputs.
    """
    table = sunspots.load_pandas().data
    if int(table["YEAR"].iloc[0]) != FIRST_YEAR:
        raise ValueError(f"statsmodels' sunspots begin with {table['YEAR'].iloc[0]:.0f}, not with {FIRST_YEAR}")
    numbers = table["SUNACTIVITY"].to_numpy(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(numbers[:-1], YEARS)[..., np.newaxis].copy()
    following = numbers[YEARS:, np.newaxis]
    learned = LAST_LEARNED + 1 - FIRST_YEAR - YEARS
    return Split(windows[:learned], following[:learned]), Split(windows[learned:], following[learned:])
