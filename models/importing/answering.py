"""What a model answers in its own framework: the golden answers, if it can be served at all."""

from collections.abc import Sequence

import numpy as np

from serveoff.models.agreement import TOLERANCES, Mismatch, compare, is_coarser
from serveoff.models.importing.readers import Reader
from serveoff.models.importing.source import DTYPES, Names, identifiers
from serveoff.models.jobs.child import JobCode, Refused, doing, note
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Array, Batch, rows_of, take


def answers(reader: Reader, names: Names, inputs: Batch) -> tuple[Batch, Names]:
    """The outputs for all rows, by names for the spec; Refused where they are not those of the rows one by one."""

    def predict(batch: Batch) -> dict[str, Array]:
        return reader.predict({own: batch[name] for name, own in names.inputs.items()})

    count = rows_of(inputs)
    doing("it fails on one row", JobCode.FAILED_WITH_ONE_ROW)
    alone = predict(take(inputs, slice(1)))
    doing(f"it fails on {count} rows at once, but not on one: it needs a free batch dimension")
    together = predict(inputs)
    _check(together, count)
    doing("it fails on one row after another")
    own = Names(inputs={}, outputs={name: name for name in together})
    tensors = tensors_of(together, own, reader.found.precision)
    for row in range(count):
        _same(alone if row == 0 else predict(take(inputs, slice(row, row + 1))), together, row, tensors)
    doing("")
    if any(tensor.precision for tensor in tensors):
        note(_tolerance(reader.found.precision))
    given = identifiers(together, taken=names.inputs)
    outputs = {name: np.ascontiguousarray(together[own]) for name, own in given.items()}
    return outputs, Names(inputs=names.inputs, outputs=given)


def tensors_of(outputs: Batch, names: Names, precision: str = "") -> tuple[TensorSpec, ...]:
    """What the outputs are, for the spec; `precision` is that of Found."""
    return tuple(
        TensorSpec(
            name=name,
            shape=(-1, *array.shape[1:]),
            dtype=str(array.dtype),
            precision=precision if is_coarser(precision, array.dtype) else "",
            source="" if names.outputs[name] == name else names.outputs[name],
        )
        for name, array in outputs.items()
    )


def _tolerance(precision: str) -> str:
    allowed, usual = TOLERANCES[precision], TOLERANCES["float32"]
    return (
        f"it computes in {precision}: its answers may be off by {allowed:g} of a row's largest, float32's by {usual:g}"
    )


def _check(outputs: dict[str, Array], rows: int) -> None:
    if not outputs:
        raise Refused("it has no output")
    for name, array in outputs.items():
        if array.ndim == 0 or array.shape[0] != rows:
            raise Refused(
                f"its output {name} has shape {list(array.shape)} for {rows} rows: the first axis must be the batch"
            )
        if str(array.dtype) not in DTYPES:
            raise Refused(f"its output {name} is {array.dtype}, which is not served: dtypes are {', '.join(DTYPES)}")
        if array.size == 0:
            raise Refused(f"its output {name} is empty: its shape is {list(array.shape)}")
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise Refused(
                f"its output {name} is not a number (NaN) for some of the inputs",
                advice="give inputs as it knows them: --samples FILE.npz, or --input-range NAME=LOW:HIGH",
            )


def _same(alone: dict[str, Array], together: dict[str, Array], row: int, tensors: Sequence[TensorSpec]) -> None:
    """Refused where a row's answer depends on the rows beside it: no server that batches could give it."""
    expected = take(together, slice(row, row + 1))
    try:
        errors = compare(alone, expected, tensors)
    except Mismatch as error:
        raise Refused(f"row {row} alone gives other outputs than in a batch: {error}") from None
    if errors.wrong.any():
        raise Refused(
            f"the answer to row {row} depends on the rows beside it (by {errors.error[0]:.3g}): "
            "something is computed across the batch, such as a BatchNorm in training mode or a random drop-out"
        )
