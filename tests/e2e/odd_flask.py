"""Our Flask service with an oddity: a file that is run by its path.

`ODDITY=clock:2:1`: in every two seconds it answers nothing for one. `hang:50:1.5`: every 50th prediction takes 1.5
seconds longer, once it is warm. `wrong:500`: every 500th answer is wrong. `by heart`: it knows the golden answers and
gives the nearest one. `remembers`: it asks the model once for each input. `drip:50`: every 50th answer comes a byte a
second and never ends, once it is warm.
"""

import os
import sys
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from serveoff.models.golden import read_golden
from serveoff.services import runtimes
from serveoff.services.flaskapp.server import ThreadedServer
from serveoff.services.flaskrest.gunicorn_app import launch

COLD = 100
"""Predictions for which there is no counted request: the gate's and the first of the warm-up."""


def clock(predict, every, seconds):
    def odd(batch):
        outputs = predict(batch)
        time.sleep(max(float(seconds) - time.monotonic() % float(every), 0.0))
        return outputs

    return odd


def hang(predict, every, seconds):
    calls = count(-COLD)

    def odd(batch):
        outputs = predict(batch)
        if (call := next(calls)) > 0 and call % int(every) == 0:
            time.sleep(float(seconds))
        return outputs

    return odd


def wrong(predict, every):
    calls = count(-COLD)

    def odd(batch):
        outputs = predict(batch)
        if (call := next(calls)) > 0 and call % int(every) == 0:
            return {name: np.roll(array, 1, axis=-1) for name, array in outputs.items()}
        return outputs

    return odd


def by_heart(predict):
    golden = read_golden(Path(os.environ["SERVING_MODEL_DIR"]))
    (inputs,) = golden.inputs.values()

    def odd(batch):
        (rows,) = batch.values()
        nearest = [int(np.abs(inputs - row).reshape(len(inputs), -1).sum(axis=1).argmin()) for row in rows]
        return {name: array[nearest] for name, array in golden.outputs.items()}

    return odd


def remembers(predict):
    known = {}

    def odd(batch):
        key = b"".join(array.tobytes() for array in batch.values())
        if key not in known:
            known[key] = predict(batch)
        return known[key]

    return odd


class Dripping(ThreadedServer):
    """Answers rightly, but for some."""

    def load(self):
        app, calls, every = super().load(), count(-COLD), int(os.environ["ODDITY"].split(":")[1])

        def odd(environ, start_response):
            answer = app(environ, start_response)
            if environ["REQUEST_METHOD"] == "POST" and (call := next(calls)) > 0 and call % every == 0:
                return dripped(b"".join(answer))
            return answer

        return odd


def dripped(body):
    for place in range(len(body) - 1):
        yield body[place : place + 1]
        time.sleep(1)


ODDITIES = {"clock": clock, "hang": hang, "wrong": wrong, "by heart": by_heart, "remembers": remembers}

if __name__ == "__main__":
    name, *more = os.environ["ODDITY"].split(":")
    if name == "drip":
        sys.exit(launch(Dripping))
    load_runtime = runtimes.load_runtime

    def load(settings):
        runtime = load_runtime(settings)
        return replace(runtime, predict=ODDITIES[name](runtime.predict, *more))

    runtimes.load_runtime = load
    sys.exit(launch(ThreadedServer))
