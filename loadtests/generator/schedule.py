"""When the requests of an open loop are due, drawn before it begins."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from serveoff.loadtests.loads import Load

Instants = npt.NDArray[np.float64]


def schedule(load: Load, duration_s: float, seed: Sequence[int]) -> Instants:
    """Seconds since the start at which requests are due, ascending, all within `duration_s`."""
    if load.arrivals == "constant":
        return np.arange(int(load.rate * duration_s)) / load.rate
    random = np.random.default_rng(seed)
    count = int(load.rate * duration_s + 8 * (load.rate * duration_s) ** 0.5 + 16)
    due = np.cumsum(random.exponential(1 / load.rate, count))
    while due[-1] < duration_s:
        due = np.concatenate([due, due[-1] + np.cumsum(random.exponential(1 / load.rate, count))])
    return due[due < duration_s]
