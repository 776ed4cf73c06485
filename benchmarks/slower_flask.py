"""Flask as people deploy it, whose predictions take longer by a known share: a file that is run by its path.

It spins after each prediction for `SPIN_SHARE` of the time that this one took; with `SPIN_HALF=1` after half of
them only, drawn by lot (`pattern`), so that one process shows what the spinning costs.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from random import Random
from time import perf_counter

from serveoff.models.formats import Predict
from serveoff.models.tensors import Batch
from serveoff.services import runtimes
from serveoff.services.flaskapp.server import ThreadedServer
from serveoff.services.flaskrest.gunicorn_app import launch
from serveoff.services.runtimes import Runtime
from serveoff.services.settings import Settings

SHARE, HALF = "SPIN_SHARE", "SPIN_HALF"
PATTERN_SEED = 1


def pattern() -> Iterator[bool]:
    """Which calls of a half slowed function spin: by lot, so that nothing else that comes in turns falls in with it."""
    random = Random(PATTERN_SEED)
    while True:
        yield random.getrandbits(1) == 1


def slowed(predict: Predict, share: float, half: bool = False) -> Predict:
    """The same function, which spins after a call for this share of the time that it took."""
    spins = pattern() if half else repeat(True)

    def slow(batch: Batch) -> Batch:
        began_s = perf_counter()
        outputs = predict(batch)
        done_s = perf_counter()
        until_s = done_s + share * (done_s - began_s) if next(spins) else done_s
        while perf_counter() < until_s:
            pass
        return outputs

    return slow


def slow_down(share: float, half: bool) -> None:
    """Have the service load slower runtimes from now on; their warm-up calls are as quick as ever."""
    load_runtime = runtimes.load_runtime

    def load(settings: Settings) -> Runtime:
        runtime = load_runtime(settings)
        return replace(runtime, predict=slowed(runtime.predict, share, half))

    runtimes.load_runtime = load


if __name__ == "__main__":
    slow_down(float(os.environ[SHARE]), os.environ.get(HALF) == "1")
    sys.exit(launch(ThreadedServer))
