"""Call a runtime with golden inputs over and over, time each call, and judge the answers afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter, time

import numpy as np
from numpy.typing import NDArray

from serveoff.models import agreement
from serveoff.models.formats import Predict
from serveoff.models.golden import Golden
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Batch, join, rows_of, take

NOT_A_NUMBER = 1e30
"""The error of an answer that is not finite: JSON has no word for infinity."""
WARM_CALLS = 5
SAMPLES = 512
"""At most so many answers are kept from a window, evenly spread, to be checked after it."""
MOST_BYTES = 256 * 2**20
"""Of inputs that wait to be asked: where the batches together are larger, fewer different ones go round."""


@dataclass(frozen=True)
class GoldenCheck:
    """How answers compare with golden outputs. `max_abs_error` is NOT_A_NUMBER for an answer that is none.

    `top1_agreement` is None where no output tells classes apart. `worst_share` is the largest error as a share of what
    is allowed (serveoff.models.agreement); None where that is not finite.
    """

    answers_checked: int
    wrong_answers: int
    max_abs_error: float
    top1_agreement: float | None
    worst_share: float | None


@dataclass(frozen=True)
class Calls:
    """One after the other: `start_s` (n,) since the epoch, `latency_s` (n,), and a sample of answers."""

    start_s: NDArray[np.float64]
    latency_s: NDArray[np.float64]
    duration_s: float
    kept: dict[int, Batch]
    """Call number to its answer."""


def check(predict: Predict, golden: Golden, outputs: Sequence[TensorSpec] = ()) -> GoldenCheck:
    """Every golden input, each as a batch of one; `outputs` are the spec's, if their precision matters."""
    rows = (take(golden.inputs, [index]) for index in range(rows_of(golden.inputs)))
    return _judge([predict(row) for row in rows], golden.outputs, outputs)


def measure(predict: Predict, golden: Golden, duration_s: float, batch: int = 1) -> Calls:
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
    return Calls(np.array(starts), np.array(latencies), now - begin, kept)


def compare(
    answers: dict[int, Batch], golden: Golden, batch: int = 1, outputs: Sequence[TensorSpec] = ()
) -> GoldenCheck:
    """Answers, by the number of their call, with the golden outputs; call n was given batch n of `batches`, modulo.

    Rows are counted, not calls. serveoff.models.agreement.Mismatch for answers of other names or shapes.
    """
    cycle = indices(golden, batch)
    asked = np.concatenate([cycle[call % len(cycle)] for call in answers])
    return _judge(list(answers.values()), take(golden.outputs, asked), outputs)


def batches(golden: Golden, batch: int = 1) -> list[Batch]:
    """The golden inputs in contiguous batches, each beginning one input later, as many as `indices` says."""
    return [take(golden.inputs, rows) for rows in indices(golden, batch)]


def indices(golden: Golden, batch: int) -> NDArray[np.int64]:
    """Which golden inputs are in each batch, (batches, batch); after the last input comes the first again.

    There are as many batches as inputs, or as MOST_BYTES allows: then they begin as far apart as that needs.
    """
    inputs = rows_of(golden.inputs)
    row_bytes = sum(array.nbytes for array in golden.inputs.values()) / inputs
    count = max(1, min(inputs, int(MOST_BYTES / (batch * max(1, row_bytes)))))
    first = np.arange(count) * inputs // count
    return np.add.outer(first, np.arange(batch)) % inputs


def _judge(answers: list[Batch], expected: Batch, outputs: Sequence[TensorSpec]) -> GoldenCheck:
    """By the one rule that exports, servers and load tests are judged by."""
    errors = agreement.compare(join(answers), expected, outputs)
    largest = float(np.minimum(errors.error, NOT_A_NUMBER).max())
    share = float(errors.share.max())
    classes = any(map(agreement.has_classes, expected.values()))
    top1 = float(errors.same_top.mean()) if classes else None
    return GoldenCheck(len(errors.error), int(errors.wrong.sum()), largest, top1, share if np.isfinite(share) else None)
