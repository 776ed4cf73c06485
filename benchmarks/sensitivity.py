"""A slower copy is called slower: `python -m benchmarks.sensitivity [--trials 10] [--minutes 5]`.

A deployment is registered twice, and the copy's predictions spin (`benchmarks.slower_flask`) for so long that a client
sees its median 7% later. How much of a prediction's time that takes is found first: the generator asks a copy that
spins after half of its answers, by lot, so that both kinds are of one process at one time. The same at that share says
by how much it is truly slower. Each trial is then a default run of the two, with starts of their own; the copy must be
called slower on p50 in at least 90% of them, or the exit code is 1. The last line is one JSON object.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import slower_flask
from benchmarks.twins import ALONE, MODEL, Pair, Trial, judged, options, repeat, run, say
from serveoff.loadtests.loads import closed
from serveoff.measure import run_lifecycle
from serveoff.measure.drivers.generator import Drive, Generator, Rows
from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.readiness import wait_ready
from serveoff.measure.runtimes import local
from serveoff.models.isolation import isolated

ORIGINAL, COPY = "flask-torchscript", "flask-torchscript-slower"
SLOWER, CALLED = 0.07, 0.9
CALIBRATED_AT = 0.5
"""A share that shows clearly; what a client sees grows with the share as it is."""
ASKED_S, LEAD_IN_S, TIMEOUT_S = 20.0, 1.0, 10.0
BLOCK = 200
"""Requests whose medians are compared with one another: about 0.1 s, in which a machine hardly changes."""


def copy(share: float, half: bool = False) -> Pair:
    """The deployment and a copy that spins for this share of a prediction's time."""
    spins = {slower_flask.SHARE: str(share), slower_flask.HALF: str(int(half))}
    return Pair(ORIGINAL, COPY, spins, launcher=slower_flask.__name__)


@contextmanager
def launchable() -> Iterator[None]:
    """Start the copy's launcher by its path: an isolated Python does not find the benchmarks by their names."""

    def command(module: str, *arguments: str) -> list[str]:
        ours = isolated(module, *arguments)
        return [*ours[:-2], slower_flask.__file__] if module == slower_flask.__name__ else ours

    with patch.object(local, "isolated", command):
        yield


def asked(share: float) -> Rows:
    """Rows of one caller of a copy half of whose answers spin for this share, from its very first request on."""
    pair = copy(share, half=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(pair.registered())
        runtime = stack.enter_context(run_lifecycle.opened(pair.settings(minutes=1.0, seed=1), folder))
        deployment, _ = runtime.resolve(find_deployment(run_lifecycle.registry_for(MODEL), COPY))
        server = runtime.start(deployment)
        stack.callback(server.stop)
        wait_ready(server)
        generator = Generator(runtime.client(), folder)
        stack.callback(generator.close)
        drive = Drive(closed(ALONE), LEAD_IN_S, ASKED_S, TIMEOUT_S, seed=1, answers=0)
        return generator.drive(deployment.endpoints[0], server, drive, lambda: None).rows


def slowdown(rows: Rows) -> tuple[float, float]:
    """By how much later those answers come that spin, 0.07 for 7%, and the standard error of that.

    Over blocks of neighbouring requests the mean logarithm of the ratio of medians, of those that spin over the others.
    """
    spins = np.fromiter(islice(slower_flask.pattern(), rows["status"].size), dtype=bool)
    counted = rows["measured"].astype(bool)
    latency_s, spins = rows["latency_s"][counted], spins[counted]
    count = latency_s.size // BLOCK
    halves = zip(np.array_split(latency_s, count), np.array_split(spins, count), strict=True)
    logs = np.log([np.median(block[of]) / np.median(block[~of]) for block, of in halves])
    return math.expm1(logs.mean()), float(logs.std(ddof=1) / np.sqrt(count))


def calibrated() -> tuple[float, float, float]:
    """The share of a prediction's time to spin for, how much slower the copy then truly is, and its standard error."""
    share = SLOWER * CALIBRATED_AT / slowdown(asked(CALIBRATED_AT))[0]
    return share, *slowdown(asked(share))


def called_slower(trial: Trial) -> bool:
    """Whether the run says so, on p50."""
    return (trial["p50"].outcome, trial["p50"].better) == ("faster", Pair(ORIGINAL, COPY, {}).endpoints[0])


def summed_up(trials: list[Trial]) -> dict[str, Any]:
    """The share of trials that called it slower, with its bound, and what they saw."""
    share = float(np.mean([called_slower(trial) for trial in trials])) if trials else math.nan
    figures = judged({"called_slower": (share, CALLED)}, most=False)
    seen = [round(math.expm1(trial["p50"].ratio), 4) for trial in trials]
    return {"trials": len(trials), "seen": seen, "figures": figures, "met": figures["called_slower"]["met"]}


def main() -> int:
    """The exit code."""
    given = options("A slower copy is called slower.", trials=10, minutes=5.0).parse_args()
    with launchable():
        share, truly, error = calibrated()
        print(f"the copy spins for {share:.1%} of a prediction's time: its median is {truly:.1%} (± {error:.1%}) later")
        trials = [trial for _, trial in repeat(given.trials, given.minutes, [copy(share)], given.keep)]
    summary = summed_up(trials)
    say(summary["figures"])
    known = {"truly": round(truly, 4), "truly_error": round(error, 4)}
    print(json.dumps({"benchmark": "sensitivity", "minutes": given.minutes, **known, **summary}))
    return 0 if summary["met"] else 1


if __name__ == "__main__":
    sys.exit(run(main))
