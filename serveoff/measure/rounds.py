"""Rounds: one slice of every endpoint and load that is still in the race, in random order.

What competes under one load lies side by side in time: machines change within a second, and slices that are a tenth of
a second apart differ by half of the variance of those that are some seconds apart.
"""

import math
import random
import time
from collections.abc import Iterator, Sequence

from serveoff.loadtests.loads import Load
from serveoff.measure.attached import starting
from serveoff.measure.plan.loads import EACH, Asked, asked_of, raced
from serveoff.measure.plan.timing import timing
from serveoff.measure.run import Run
from serveoff.measure.slicing import take_slice
from serveoff.record.roles import role_of
from serveoff.services.registry import Endpoint

OUT_EVERY = 4
"""Endpoints that are out of the race have a slice in every so many-th round, until all their starts served some."""


def measure_rounds(run: Run, first: int, last: float, until: float, start: int) -> int:
    """Rounds `first` to `last`, or until `until` (monotonic seconds), at least one; the number of the last begun.

    `start` is which of the run's starts they are of.
    """
    round_ = first
    while True:
        _round(run, round_, last, until, start)
        if round_ >= last or time.monotonic() >= until or not run.compares:
            return round_
        round_ += 1


def _round(run: Run, round_: int, last: float, until: float, start: int) -> None:
    slices = _shuffled(list(_due(run, round_, start)), random.Random(f"{run.settings.seed} {round_}"))
    for number, (endpoint, asked) in enumerate(slices, start=1):
        if time.monotonic() >= until and round_ > 1:
            return
        if endpoint.deployment.name in run.dead:
            continue
        run.progress.tick(f"{_of(round_, last)}, slice {number} of {len(slices)}   {endpoint.name}")
        answer_s = run.answer_s.get((endpoint.name, asked.load)) or run.expected_s(endpoint, asked.load)
        answer_s = max(answer_s, run.attached.pace_s(endpoint.name) * asked.load.concurrency)
        taken = take_slice(run, endpoint, asked.load, round_, timing(asked, answer_s, run.switch_s, run.settings))
        starting.watch(run, endpoint, taken)


def _shuffled(slices: Sequence[tuple[Endpoint, Asked]], order: random.Random) -> list[tuple[Endpoint, Asked]]:
    """Contenders under one load after one another, whatever else there is between; all of it in random order."""
    together: dict[Load | int, list[tuple[Endpoint, Asked]]] = {}
    for number, (endpoint, asked) in enumerate(slices):
        races = asked.every == EACH and role_of(endpoint.deployment) == "contender"
        together.setdefault(asked.load if races else number, []).append((endpoint, asked))
    blocks = [order.sample(block, len(block)) for block in together.values()]
    return [due for block in order.sample(blocks, len(blocks)) for due in block]


def _due(run: Run, round_: int, start: int) -> Iterator[tuple[Endpoint, Asked]]:
    for endpoint in run.plan.endpoints:
        if not run.measured(endpoint):
            continue
        result = run.result(endpoint)
        done = {window.load for window in result.windows if window.round == round_}
        for asked in _still_asked(run, endpoint, start):
            if asked.in_round(round_) and asked.load not in done:
                yield endpoint, asked


def _still_asked(run: Run, endpoint: Endpoint, start: int) -> Iterator[Asked]:
    result = run.result(endpoint)
    if result.out_after is None:
        yield from asked_of(endpoint, result, run.settings)
    elif start <= run.settings.starts:
        yield from (Asked(load, OUT_EVERY) for load in raced(run.settings))


def _of(round_: int, last: float) -> str:
    return f"round {round_}" + (f" of {last}" if last < math.inf else "")
