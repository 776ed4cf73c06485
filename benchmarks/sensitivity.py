"""A slower copy is called slower: `python -m benchmarks.sensitivity [--trials 10] [--minutes 5]`.

A deployment is registered twice, and the copy's predictions spin (`benchmarks.slower_flask`) for so long that a client
sees its median 7% later. What a client sees of spinning is measured first: a copy that spins after half of its answers,
by lot, has both kinds from one process at one time. For how long it must spin is told from one that spins for as long
as the prediction took, and what that costs is measured again. Each trial is a default run of the two, with starts of
their own; the copy must be called slower on p50 in at least 90% of them, or the exit code is 1. The last line is one
JSON object.
"""

import json
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import slower_flask
from benchmarks.twins import ALONE, MODEL, Pair, Trial, judged, options, repeat, run, say
from serveoff.loadtests.generator.commands import Drive
from serveoff.loadtests.loads import closed
from serveoff.measure import run_lifecycle
from serveoff.measure.drivers.generator import Driven, Generator
from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.readiness import wait_ready
from serveoff.measure.runtimes import local
from serveoff.models.isolation import isolated

ORIGINAL, COPY = "flask-torchscript", "flask-torchscript-slower"
SLOWER, CALLED = 0.07, 0.9
SLICES, SLICE_S, WARMUP_S, TIMEOUT_S = 200, 0.1, 1.0, 10.0
"""Of one caller of the copy, one after the other; in a slice a machine hardly changes."""


def copy(share: float, half: bool = False) -> Pair:
    """The deployment and a copy that spins for this share of a prediction's time."""
    spins = {slower_flask.SHARE: str(share), slower_flask.HALF: str(int(half))}
    return Pair(ORIGINAL, COPY, spins, launcher=slower_flask.__name__)


@contextmanager
def launchable(launcher: ModuleType = slower_flask) -> Iterator[None]:
    """Start a launcher of ours by its path: an isolated Python does not find the benchmarks by their names."""

    def command(module: str, *arguments: str) -> list[str]:
        ours = isolated(module, *arguments)
        return [*ours[:-2], str(launcher.__file__)] if module == launcher.__name__ else ours

    with patch.object(local, "isolated", command):
        yield


def asked(share: float) -> list[Driven]:
    """Slices of a copy half of whose answers spin for this share, its warm-up and all, from its first request on."""
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
        drives = [Drive(closed(ALONE), WARMUP_S, 0.0, TIMEOUT_S, 1)]
        drives += [Drive(closed(ALONE), 0.0, SLICE_S, TIMEOUT_S, number) for number in range(SLICES)]
        return [generator.drive(deployment.endpoints[0], server, drive, lambda: None) for drive in drives]


def slowdown(slices: Sequence[Driven]) -> tuple[float, float]:
    """By how much later those answers come that spin, 0.07 for 7%, and the standard error of that.

    The mean over slices of the logarithm of the ratio of medians, of those that spin over the others.
    """
    pattern, logs = slower_flask.pattern(), []
    for driven in slices:
        latency_s, counted = driven.rows["latency_s"], driven.rows["measured"] == 1
        spins = np.fromiter(islice(pattern, latency_s.size), dtype=bool)
        spun, plain = latency_s[counted & spins], latency_s[counted & ~spins]
        if spun.size and plain.size:
            logs.append(math.log(np.median(spun) / np.median(plain)))
    return math.expm1(np.mean(logs)), float(np.std(logs, ddof=1) / math.sqrt(len(logs)))


def calibrated() -> tuple[float, float, float]:
    """The share of a prediction's time to spin for, how much slower the copy then truly is, and its standard error."""
    share = SLOWER / slowdown(asked(1.0))[0]
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
