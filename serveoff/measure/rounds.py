"""Rounds: one slice of every endpoint and load that is still in the race, in random order.

What competes under one load lies side by side in time: machines change within a second, and slices that are a tenth of
a second apart differ by half of the variance of those that are some seconds apart.
"""

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from serveoff.loadtests.loads import Load
from serveoff.measure.attached import starting
from serveoff.measure.plan.loads import Asked, asked_of, raced
from serveoff.measure.plan.outline import counted
from serveoff.measure.plan.timing import ANSWERS, ENOUGH, Timing, timing
from serveoff.measure.run import Run
from serveoff.measure.slicing import take_slice
from serveoff.record.roles import role_of
from serveoff.services.registry import Endpoint

MOST_SELDOM = 3
"""In every so many-th round, at the least, a slice comes that takes long."""
OUT_EVERY = 4
"""Endpoints that are out of the race have a slice in every so many-th round, until all their starts served some."""


def measure_rounds(run: Run, first: int, last: float, until: float, start: int) -> int:
    """Rounds `first` to `last`, or until `until` (monotonic seconds), at least one; the number of the last begun.

    `start` is which of the run's starts they are of. Of a given number of rounds, those that nobody is left for count.
    """
    round_ = first
    while True:
        _round(run, round_, last, until, start)
        if round_ >= last or time.monotonic() >= until or not run.compares:
            return round_
        if last == math.inf and not _any_asked(run, start):
            return round_
        round_ += 1


def fill_up(run: Run) -> None:
    """Further rounds of those contenders whose latency would not count, in no more time than the run was given.

    A short run of a slow model has taken all of it for starts and a first round.
    """
    until, latency = time.monotonic() + 60 * (run.settings.minutes or 0), Asked(raced(run.settings)[0])
    for further in range(ENOUGH // ANSWERS + 1):
        lacking = [endpoint for endpoint in run.plan.endpoints if _lacks_answers(run, endpoint, latency.load)]
        if not lacking or time.monotonic() >= until:
            return
        if not further:
            names = counted(len(lacking), "contender")
            run.progress.note(f"the time is short for the slow answers of {names}: some more rounds for latency")
        round_ = run.suite.rounds + 1
        for endpoint, asked in _shuffled([(e, latency) for e in lacking], random.Random(round_)):
            run.progress.tick(f"round {round_}   {endpoint.name}")
            take_slice(run, endpoint, asked.load, round_, _timing(run, endpoint, asked))


def _lacks_answers(run: Run, endpoint: Endpoint, load: Load) -> bool:
    if role_of(endpoint.deployment) != "contender" or endpoint.deployment.attached or not run.measured(endpoint):
        return False
    answers = sum(window.requests - window.errors for window in run.result(endpoint).windows_of(load))
    return endpoint.deployment.name not in run.dead and 0 < answers < ENOUGH


def _any_asked(run: Run, start: int) -> bool:
    """Whether a later round has a slice: whose server ended is not asked before its next start."""
    alive = (e for e in run.plan.endpoints if run.measured(e) and e.deployment.name not in run.dead)
    return any(any(_still_asked(run, endpoint, start)) for endpoint in alive)


def _round(run: Run, round_: int, last: float, until: float, start: int) -> None:
    slices = _shuffled(list(_due(run, round_, start)), random.Random(f"{run.settings.seed} {round_}"))
    if round_ == 1:  # what is raced comes first, for there may be no time for more
        slices.sort(key=lambda due: not _races(*due))
    for number, (endpoint, asked) in enumerate(slices, start=1):
        if time.monotonic() >= until and not (round_ == 1 and _races(endpoint, asked)):
            return
        if endpoint.deployment.name in run.dead:
            continue
        run.progress.tick(f"{_of(round_, last)}, slice {number} of {len(slices)}   {endpoint.name}")
        taken = take_slice(run, endpoint, asked.load, round_, _timing(run, endpoint, asked))
        starting.watch(run, endpoint, taken)


def _timing(run: Run, endpoint: Endpoint, asked: Asked) -> Timing:
    """By how long the endpoint's last answers took; of one that is paced, by its pace."""
    answer_s = run.answer_s.get((endpoint.name, asked.load)) or run.expected_s(endpoint, asked.load)
    answer_s = max(answer_s, run.attached.pace_s(endpoint.name) * asked.load.concurrency)
    return timing(asked, answer_s, run.switch_s, run.settings)


def _shuffled(slices: Sequence[tuple[Endpoint, Asked]], order: random.Random) -> list[tuple[Endpoint, Asked]]:
    """Contenders under one load after one another, whatever else there is between; all of it in random order."""
    together: dict[Load | int, list[tuple[Endpoint, Asked]]] = {}
    for number, (endpoint, asked) in enumerate(slices):
        together.setdefault(asked.load if _races(endpoint, asked) else number, []).append((endpoint, asked))
    blocks = [order.sample(block, len(block)) for block in together.values()]
    return [due for block in order.sample(blocks, len(blocks)) for due in block]


def _due(run: Run, round_: int, start: int) -> Iterator[tuple[Endpoint, Asked]]:
    measured = [endpoint for endpoint in run.plan.endpoints if run.measured(endpoint)]
    asked = [(endpoint, asked) for endpoint in measured for asked in _still_asked(run, endpoint, start)]
    done = {(e.name, w.load) for e in measured for w in run.result(e).windows if w.round == round_}
    for endpoint, one in asked if run.settings.minutes is None else _by_cost(run, asked):
        if one.in_round(round_) and (endpoint.name, one.load) not in done:
            yield endpoint, one


def _by_cost(run: Run, asked: Sequence[tuple[Endpoint, Asked]]) -> Iterator[tuple[Endpoint, Asked]]:
    """The same, with slices that take longer than most under their load in fewer rounds: there are then more.

    Slices vary alike, however long they take, so their number goes by the root of what one costs (Cochran, *Sampling
    Techniques*, 1977, section 5.5).
    """
    cost_s = {(e.name, a.load): _timing(run, e, a).total_s for e, a in asked if _races(e, a)}
    usual_s = {load: median(s for (_, own), s in cost_s.items() if own == load) for _, load in cost_s}
    for endpoint, one in asked:
        took_s = cost_s.get((endpoint.name, one.load))
        seldom = 1 if took_s is None else round(math.sqrt(took_s / usual_s[one.load]))
        yield endpoint, replace(one, every=one.every * min(max(seldom, 1), MOST_SELDOM))


def _races(endpoint: Endpoint, asked: Asked) -> bool:
    """Whether it is one of those that are set against each other under this load."""
    return asked.every <= MOST_SELDOM and asked.load.plain and role_of(endpoint.deployment) == "contender"


def _still_asked(run: Run, endpoint: Endpoint, start: int) -> Iterator[Asked]:
    result = run.result(endpoint)
    if result.out_after is None:
        yield from asked_of(endpoint, result, run.settings)
    elif start <= run.settings.starts:
        yield from (Asked(load, OUT_EVERY) for load in raced(run.settings))


def _of(round_: int, last: float) -> str:
    return f"round {round_}" + (f" of {last}" if last < math.inf else "")
