"""How well answers agree with the golden ones: one rule for exports, servers, floors and load tests.

An output of floats agrees if each of its values is within `tolerance(dtype) * max(1, s)` of the golden one, where s is
the largest golden value of that row and output, in absolute terms. Rounding in a deep network grows with the size of
what it adds up, not with the size of the one value that comes out, so that a relative error of each value would fail
where values cancel out; for probabilities s is at most 1, and the tolerance is absolute. Equal infinities agree, and
what was computed in a coarser dtype (TensorSpec.precision) has the tolerance of that, and where the spec says what its
values are made of (TensorSpec.scale), s is at least that in place of 1. Integers and booleans must be equal. Beside it,
the most probable class must be the same, wherever the golden answer tells the first from the second class by more than
rounding may move them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serveoff.models.golden import Golden
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Array, Batch, rows_of, take

TOLERANCES = {"float64": 1e-5, "float32": 1e-5, "float16": 1e-2, "bfloat16": 5e-2, "int8": 2e-2}
"""By dtype: float32 keeps 24 bits, 6e-8, of which a network of a hundred layers may lose seven; half keeps 11 bits."""
TOLERANCE = TOLERANCES["float32"]
UNSEEN = 4.0
"""Lenience for inputs that no format was exported with, whose right answers are those of one format: of resnet50 one of
a run's unseen inputs rounded 1.6 times as badly as golden ones may. What answers to another row is off by far more."""
CLASSES_AXES = 2
"""Outputs of rows of numbers, (n, classes), have a most probable class; others are compared by value only."""
MOST_NUMBERS = 2_000_000
"""In the inputs and outputs of one call, where all golden rows are asked for: a dozen images of 224x224x3."""


SHARE_OF_SMALL = 0.1
"""Of an output's largest golden value: what is allowed where the tolerance of 1 would be more, so that zeros fail."""


def coarsest(dtypes: Iterable[str]) -> str:
    """The dtype of floats, of those that are coarser than float32, that rounds most; empty where none is among them."""
    coarse = [dtype for dtype in dtypes if TOLERANCES.get(dtype, 0.0) > TOLERANCE]
    return max(coarse, key=lambda dtype: TOLERANCES[dtype], default="")


def is_coarser(precision: str, dtype: np.dtype[Any]) -> bool:
    """Whether floats of a dtype that were computed in this precision may be further off than others of theirs."""
    return dtype.kind == "f" and TOLERANCES.get(precision, 0.0) > TOLERANCES.get(str(dtype), TOLERANCE)


@dataclass(frozen=True)
class Errors:
    """Answers against golden ones, row by row.

    `error` (n,) is the largest absolute error of a row; `share` (n,) the largest error as a share of what is allowed
    (over 1: wrong; infinite for an answer that is no number); `same_top` (n,) whether the most probable class agrees.
    """

    error: NDArray[np.float64]
    share: NDArray[np.float64]
    same_top: NDArray[np.bool_]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """(n,): the rows that do not agree."""
        return ~(self.share <= 1.0) | ~self.same_top


def times(share: float) -> str:
    """A share in words: `2.1 times what is allowed`; integers and booleans may not differ at all."""
    if not np.isfinite(share):
        return "it must be equal"
    return f"{share:,.0f} times what is allowed" if share >= 1000 else f"{share:.3g} times what is allowed"


def has_classes(golden: Array) -> bool:
    """Whether an output (n, ...) tells classes apart: then the most probable one must agree, too."""
    return golden.ndim == CLASSES_AXES and golden.dtype.kind == "f" and golden.shape[1] > 1


class Mismatch(ValueError):
    """Answers that cannot be compared at all: another name, shape or dtype; the message says which."""


def compare(found: Batch, expected: Batch, tensors: Sequence[TensorSpec] = (), lenience: float = 1.0) -> Errors:
    """Answers and golden answers of the same rows; Mismatch where they are not even alike in shape.

    With a `lenience` of floats so many times as much is allowed.

    Answers that came as JSON may have a wider dtype; they are judged by the golden output's, or by the precision that
    the spec's `tensors` name.
    """
    count, specs = rows_of(expected), {tensor.name: tensor for tensor in tensors}
    error, share, same_top = np.zeros(count), np.zeros(count), np.ones(count, dtype=bool)
    if set(found) != set(expected):
        raise Mismatch(f"the outputs are {', '.join(sorted(found)) or 'none'}, expected {', '.join(sorted(expected))}")
    for name, golden in expected.items():
        answer = found[name]
        if answer.shape != golden.shape:
            raise Mismatch(f"{name} has shape {answer.shape}, expected {golden.shape}")
        off, allowed = _errors(answer, golden, specs.get(name))
        allowed = lenience * allowed
        over = np.divide(off, allowed, out=np.where(off > 0, np.inf, 0.0), where=allowed > 0)
        error, share = np.maximum(error, off), np.maximum(share, over)
        if has_classes(golden):
            same_top &= _same_top(answer, golden, allowed)
    return Errors(error, share, same_top)


def _errors(answer: Array, golden: Array, spec: TensorSpec | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The largest error of each row, and what is allowed there."""
    rows = len(golden)
    given, wanted = answer.reshape(rows, -1), golden.reshape(rows, -1)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        off = np.where(given == wanted, 0.0, np.abs(given.astype(np.float64) - wanted.astype(np.float64)))
    largest = np.where(np.isfinite(off), off, np.inf).max(axis=1, initial=0.0)
    if golden.dtype.kind not in "fV":
        differs = (given != wanted).any(axis=1)  # beyond 2^53 two integers may be one float64
        return np.where(differs, np.maximum(largest, 1.0), 0.0), np.zeros(rows)
    sizes = np.where(np.isfinite(wanted), np.abs(wanted.astype(np.float64)), 0.0)
    tolerance = TOLERANCES.get((spec and spec.precision) or str(golden.dtype), TOLERANCE)
    return largest, tolerance * np.maximum((spec and spec.scale) or 1.0, sizes.max(axis=1, initial=0.0))


def scale_of_small(golden: Array, precision: str = "") -> float:
    """The TensorSpec.scale of an output whose values are all so small that the tolerance of 1 is no test; else 0."""
    if golden.dtype.kind != "f":
        return 0.0
    largest = float(np.abs(golden, where=np.isfinite(golden), out=np.zeros_like(golden)).max(initial=0.0))
    scale = largest * SHARE_OF_SMALL / TOLERANCES.get(precision or str(golden.dtype), TOLERANCE)
    return scale if scale < 1.0 else 0.0


def with_small(tensors: Sequence[TensorSpec], expected: Sequence[Batch]) -> tuple[TensorSpec, ...]:
    """What is known of outputs, and beside it the scale of those whose right answers to all inputs are small."""
    known = {tensor.name: tensor for tensor in tensors}
    for name in dict.fromkeys(name for batch in expected for name in batch):
        arrays = [batch[name] for batch in expected if name in batch]
        spec = known.get(name) or TensorSpec(name=name, shape=(), dtype=str(arrays[0].dtype))
        if all(array.dtype.kind == "f" for array in arrays) and not spec.scale:
            scale = scale_of_small(np.concatenate([array.ravel() for array in arrays]), spec.precision)
            known |= {name: spec.model_copy(update={"scale": scale})} if scale else {}
    return tuple(known.values())


def _same_top(answer: Array, golden: Array, allowed: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the golden answer's class is the answer's, too, or behind it by no more than rounding."""
    best = golden.argmax(axis=1)
    chosen = answer[np.arange(len(answer)), best]
    highest = answer.max(axis=1)
    with np.errstate(invalid="ignore"):
        same: NDArray[np.bool_] = (highest == chosen) | (highest - chosen <= 2 * allowed)
    return same


@dataclass(frozen=True)
class Agreement:
    """An artifact's answers against the golden ones.

    `max_abs_error` is over all outputs (infinite where an answer has the wrong shape or is no number), `worst_share`
    the largest error as a share of what is allowed there, `worst_input` the golden input it belongs to,
    `top1` the share of inputs with the same most probable class.
    """

    max_abs_error: float
    worst_input: int
    top1: float
    worst_share: float = 0.0
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether the answers are the golden ones, but for rounding."""
        return not self.problem and self.worst_share <= 1.0 and self.top1 == 1.0

    @property
    def found(self) -> str:
        """The worst error in words, and what is allowed there."""
        if not np.isfinite(self.max_abs_error):
            return "an answer that is no number"
        allowed = self.max_abs_error / self.worst_share if self.worst_share else TOLERANCE
        return f"an error of {self.max_abs_error:.3g} where {allowed:.3g} is allowed"


def agreement(
    predict: Callable[[Batch], Batch],
    golden: Golden,
    batches: Sequence[int] = (0, 1),
    tensors: Sequence[TensorSpec] = (),
) -> Agreement:
    """Ask for all golden rows at once (0) and for one alone (1), since both batch sizes must work, and compare.

    Rows of big tensors are not asked for all at once, but as many together as MOST_NUMBERS allows.
    """
    count = rows_of(golden.inputs)
    error, share, same_top = np.zeros(count), np.zeros(count), np.ones(count, dtype=bool)
    for part in (part for size in batches for part in _parts(golden, size)):
        answer, expected = predict(take(golden.inputs, part)), take(golden.outputs, part)
        problem = _unlike(answer, expected)
        if problem:
            asked = f"to a batch of {rows_of(expected)} it answers {problem}"
            return Agreement(float("inf"), part.start, 0.0, float("inf"), asked)
        errors = compare(answer, expected, tensors)
        error[part] = np.maximum(error[part], errors.error)
        share[part] = np.maximum(share[part], errors.share)
        same_top[part] &= errors.same_top
    worst = int((share + ~same_top).argmax())  # another class is worse than any rounding
    return Agreement(float(error[worst]), worst, float(same_top.mean()), float(share[worst]))


def _parts(golden: Golden, size: int) -> list[slice]:
    """The rows of each call: the first `size` of them, or, for 0, all."""
    if size:
        return [slice(0, size)]
    count = rows_of(golden.inputs)
    numbers = sum(array[0].size for array in (*golden.inputs.values(), *golden.outputs.values()))
    at_once = max(1, MOST_NUMBERS // max(1, numbers))
    return [slice(first, min(first + at_once, count)) for first in range(0, count, at_once)]


def _unlike(answer: Batch, expected: Batch) -> str:
    """How an answer differs in kind: an artifact must give the golden dtype, too."""
    if set(answer) != set(expected):
        return f"{', '.join(sorted(answer)) or 'nothing'}, not {', '.join(sorted(expected))}"
    for name, golden in expected.items():
        found = answer[name]
        if found.shape != golden.shape or found.dtype != golden.dtype:
            return f"{name} as {found.dtype}{found.shape}, not {golden.dtype}{golden.shape}"
    return ""
