"""Call a runtime with golden inputs over and over, time each call, and judge the answers afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter, time

import numpy as np
from numpy.typing import NDArray

from models.formats import Batch, Predict
from models.golden import TOLERANCE, Golden

NOT_A_NUMBER = 1e30
"""The error of an answer that is not finite: JSON has no word for infinity."""
WARM_CALLS = 5
SAMPLES = 512
"""At most so many answers are kept from a window, evenly spread, to be checked after it."""


@dataclass(frozen=True)
class Agreement:
    """How answers compare with golden outputs. `max_abs_error` is NOT_A_NUMBER for an answer that is none."""

    answers_checked: int
    wrong_answers: int
    max_abs_error: float
    top1_agreement: float


@dataclass(frozen=True)
class Window:
    """Calls one after the other: `start_s` (n,) since the epoch, `latency_s` (n,), and a sample of answers."""

    start_s: NDArray[np.float64]
    latency_s: NDArray[np.float64]
    duration_s: float
    kept: dict[int, Batch]
    """Call number to its answer."""


def check(predict: Predict, golden: Golden) -> Agreement:
    """Every golden input, each as a batch of one."""
    return compare({index: predict(row) for index, row in enumerate(batches(golden))}, golden)


def measure(predict: Predict, golden: Golden, duration_s: float, batch: int = 1) -> Window:
    """Call `predict` with batches of so many rows, over and over, for a time in seconds. Nothing is judged meanwhile.

    The first calls are not timed: a framework may compile, trace or allocate for a shape that it has not seen.
    """
    inputs = batches(golden, batch)
    for _ in range(WARM_CALLS):
        predict(inputs[0])
    starts: list[float] = []
    latencies: list[float] = []
    kept: dict[int, Batch] = {}
    epoch_s = time() - perf_counter()
    begin = now = perf_counter()
    keep_every_s, keep_at = duration_s / SAMPLES, begin
    while now - begin < duration_s:
        rows = inputs[len(starts) % len(inputs)]
        start = perf_counter()
        answer = predict(rows)
        now = perf_counter()
        if now >= keep_at:
            kept[len(starts)] = answer
            keep_at += keep_every_s
        starts.append(epoch_s + start)
        latencies.append(now - start)
    return Window(np.array(starts), np.array(latencies), now - begin, kept)


def compare(answers: dict[int, Batch], golden: Golden, batch: int = 1) -> Agreement:
    """Answers, by the number of their call, with the golden outputs; call n was given batch n of `batches`, modulo.

    Rows are counted, not calls.
    """
    cycle = indices(golden, batch)
    found = np.concatenate(list(answers.values()))
    expected = golden.outputs[np.concatenate([cycle[call % len(cycle)] for call in answers])]
    errors = np.nan_to_num(np.abs(found - expected), nan=NOT_A_NUMBER, posinf=NOT_A_NUMBER).max(axis=1)
    same_class = found.argmax(axis=1) == expected.argmax(axis=1)
    wrong = (errors > TOLERANCE) | ~same_class
    return Agreement(len(found), int(wrong.sum()), float(errors.max()), float(same_class.mean()))


def batches(golden: Golden, batch: int = 1) -> list[Batch]:
    """The golden inputs in contiguous batches: as many as there are inputs, each beginning one input later."""
    return [np.ascontiguousarray(golden.inputs[rows]) for rows in indices(golden, batch)]


def indices(golden: Golden, batch: int) -> NDArray[np.int64]:
    """Which golden inputs are in each batch, (inputs, batch); after the last comes the first again."""
    count = len(golden.inputs)
    return np.add.outer(np.arange(count), np.arange(batch)) % count
