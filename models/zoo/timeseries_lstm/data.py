"""Yearly sunspot numbers, 1700 to 2008, as statsmodels ships them.

Source: National Geophysical Data Center, Boulder, and SILSO, Royal Observatory of Belgium, https://www.sidc.be/SILSO.
Training ends with 1920, as in A. Weigend, B. Huberman, D. Rumelhart, "Predicting the future: a connectionist
approach", International Journal of Neural Systems 1 (1990), which made this series a benchmark.
"""

import numpy as np
from statsmodels.datasets import sunspots

from serveoff.models.tensors import Examples
from serveoff.models.zoo.timeseries_lstm import SPEC, YEARS

FIRST_YEAR = 1700
LAST_LEARNED = 1920


def load() -> tuple[Examples, Examples]:
    """Windows (n, 48, 1) of sunspot numbers, and the year after each, (n, 1), to learn from and held out; by year.

    No year that is to be forecast in the held-out split is in the training split; earlier years are, as inputs.
    """
    table = sunspots.load_pandas().data
    if int(table["YEAR"].iloc[0]) != FIRST_YEAR:
        raise ValueError(f"statsmodels' sunspots begin with {table['YEAR'].iloc[0]:.0f}, not with {FIRST_YEAR}")
    numbers = table["SUNACTIVITY"].to_numpy(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(numbers[:-1], YEARS)[..., np.newaxis].copy()
    following = numbers[YEARS:, np.newaxis]
    learned = LAST_LEARNED + 1 - FIRST_YEAR - YEARS
    name = SPEC.inputs[0].name
    return (
        Examples({name: windows[:learned]}, following[:learned]),
        Examples({name: windows[learned:]}, following[learned:]),
    )
