"""What a model answers in its own framework: the golden answers, if it can be served at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from serveoff.models.agreement import TOLERANCES, Mismatch, compare, is_coarser, scale_of_small
from serveoff.models.importing import constants, next_steps
from serveoff.models.importing.readers import Reader
from serveoff.models.importing.source import DTYPES, Found, Names, identifiers
from serveoff.models.jobs.child import JobCode, Refused, doing, note
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Array, Batch, join, rows_of, take


@dataclass(frozen=True)
class Answered:
    """The outputs for all rows and their names for the spec; `one_row`: it must be asked row by row."""

    outputs: Batch
    names: Names
    one_row: bool


def answers(reader: Reader, names: Names, inputs: Batch, chosen: Sequence[str] = ()) -> Answered:
    """What a model answers; Refused where that is not what it answers row by row, unless it may be served so.

    `chosen` are the outputs that the user wants of it, by its names or the spec's; without any, all.
    """

    def predict(batch: Batch) -> dict[str, Array]:
        answer = reader.predict({own: batch[name] for name, own in names.inputs.items()})
        return _chosen(answer, chosen) if chosen else answer

    count = rows_of(inputs)
    doing("it fails on one row", JobCode.FAILED_WITH_ONE_ROW)
    alone = [predict(take(inputs, slice(1)))]
    doing("it fails on one row after another")
    alone += [predict(take(inputs, slice(row, row + 1))) for row in range(1, count)]
    doing(f"it fails on {count} rows at once, but not on one: it needs a free batch dimension")
    own = Names(inputs={}, outputs={name: name for name in alone[0]})
    joined = {name: np.concatenate([answer[name].ravel() for answer in alone if name in answer]) for name in alone[0]}
    tensors = with_scales(tensors_of(alone[0], own, reader.found), joined)
    try:
        together, one_row = _kept(_several(predict, inputs, reader.found.fixed), count, alone[0]), False
        if not reader.found.one_row:  # or else it may be asked row by row, where nothing grows
            together = _without(together, _growing(together, alone[0]))
        for row, answer in enumerate(alone):
            _same({name: answer[name] for name in together if name in answer}, together, row, tensors, reader.found)
    except Refused:
        _require_steady(predict(take(inputs, slice(1))), alone[0], tensors, reader.found)
        if reader.found.fixed:
            _row_by_row(alone)  # what is wrong with a row alone is told first
            raise _fixed(reader.found.fixed) from None
        if not reader.found.one_row:
            raise
        together, one_row = _row_by_row(alone), True
        note(f"{reader.found.one_row}: it is served one row at a time, and several rows one after another")
    doing("")
    if any(tensor.precision for tensor in tensors):
        note(_tolerance(reader.found.precision))
    _tell_of_sameness(inputs, together, tensors)
    given = identifiers(together, taken=names.inputs, called=False)
    outputs = {name: np.ascontiguousarray(together[own]) for name, own in given.items()}
    return Answered(outputs, Names(inputs=names.inputs, outputs=given), one_row)


def _several(predict: Callable[[Batch], dict[str, Array]], inputs: Batch, fixed: int) -> dict[str, Array]:
    """The answers to several rows; Refused where the model fails on them for it was made for another number."""
    try:
        return predict(inputs)
    except Exception as error:  # a framework may raise anything
        if fixed:
            raise _fixed(fixed) from error
        raise


def _fixed(rows: int) -> Refused:
    reason = f"its batch is fixed at {rows}, and what it computes holds for no other number of rows"
    return Refused(reason, advice=next_steps.of_fixed_rows(rows))


def _chosen(answer: dict[str, Array], chosen: Sequence[str]) -> dict[str, Array]:
    """Those outputs, in the model's order; Refused where one is none of them."""
    known = {**identifiers(answer, called=False), **{name: name for name in answer}}
    if unknown := [name for name in chosen if name not in known]:
        raise Refused(f"it has no output {', '.join(unknown)}", advice=f"--outputs takes some of {', '.join(answer)}")
    wanted = {known[name] for name in chosen}
    return {name: array for name, array in answer.items() if name in wanted}


def _tell_of_sameness(inputs: Batch, outputs: Batch, tensors: Sequence[TensorSpec]) -> None:
    """A note where the tolerance does not tell the answers to different rows apart: one of them would pass for all."""
    if not any((array != array[:1]).any() for array in inputs.values()):
        return
    kept, first = [tensor for tensor in tensors if tensor.name in outputs], take(outputs, slice(1))
    scaled = with_scales(kept, outputs)
    others = (take(outputs, slice(row, row + 1)) for row in range(1, rows_of(outputs)))
    if not any(compare(other, first, scaled).wrong.any() for other in others):
        flags = " ".join(f"--input-range {name}=LOW:HIGH" for name in inputs)
        note(
            "its answers to all golden rows are the same, as far as the tolerance tells, so that they test little: "
            f"unless it is constant on purpose, give inputs as it knows them, {flags} or --samples FILE.npz"
        )


def _as_it_predicts(found: Found, otherwise: str) -> str:
    """The advice for a model that answers as in training; values of its own that may be that are named first."""
    settings = [port for port in found.defaulted if constants.is_likely(port)]
    return f"{constants.advice(settings)}; or {otherwise}" if settings else otherwise


def _require_steady(
    again: dict[str, Array], first: dict[str, Array], tensors: Sequence[TensorSpec], found: Found
) -> None:
    """Refused where a model gives other answers to the same row: no artifact could be compared with it."""
    numbers = {name: array for name, array in first.items() if str(array.dtype) in DTYPES}
    rows = {name: array for name, array in numbers.items() if array.ndim and array.size and not _has_nan(array)}
    try:
        errors = compare({name: again[name] for name in rows}, rows, tensors) if rows else None
    except Mismatch:
        return
    if errors is not None and errors.wrong.any():
        raise Refused(
            "its answers are random, or depend on what it was asked before: the same row, asked again, is answered "
            f"otherwise (by {errors.error[0]:.3g})",
            advice=_as_it_predicts(
                found,
                "save it as it predicts: without a drop-out, noise or sampling that is always on, or a state that it "
                "keeps from one call to the next",
            ),
        )


def _row_by_row(alone: Sequence[dict[str, Array]]) -> dict[str, Array]:
    """The answers to rows that were asked one by one as those of a batch; Refused where one is not of one row."""
    kept = [_kept(answer, 1) for answer in alone]
    if len({tuple((name, array.shape) for name, array in answer.items()) for answer in kept}) > 1:
        raise Refused(
            "the sizes of its outputs depend on the numbers in a row: they must be the same for all rows",
            advice="have it give a fixed number of results for each row, filled up where there are fewer",
        )
    return join(kept)


def tensors_of(outputs: Batch, names: Names, found: Found) -> tuple[TensorSpec, ...]:
    """What the outputs are, for the spec."""
    sources = {name: found.paths.get(own, own) for name, own in names.outputs.items()}
    return tuple(
        TensorSpec(
            name=name,
            shape=(-1, *array.shape[1:]),
            dtype=str(array.dtype),
            precision=found.precision if is_coarser(found.precision, array.dtype) else "",
            source="" if sources[name] == name else sources[name],
        )
        for name, array in outputs.items()
    )


def with_scales(tensors: Sequence[TensorSpec], outputs: Batch) -> tuple[TensorSpec, ...]:
    """The same, and of those whose golden answers are all small, how small: all rows tell, where one alone does not."""
    scales = {tensor.name: scale_of_small(outputs[tensor.name], tensor.precision) for tensor in tensors}
    return tuple(tensor.model_copy(update={"scale": scales[tensor.name]}) for tensor in tensors)


def _tolerance(precision: str) -> str:
    allowed, usual = TOLERANCES[precision], TOLERANCES["float32"]
    return (
        f"it computes in {precision}: its answers may be off by {allowed:g} of a row's largest, float32's by {usual:g}"
    )


def _kept(outputs: dict[str, Array], rows: int, alone: Mapping[str, Array] | None = None) -> dict[str, Array]:
    """The outputs that can be served, with a note of each other; Refused where none can, or one is not a number.

    `alone` are those for one of several rows: what has the same shape there has no rows.
    """
    one = alone or {}
    faults = {name: fault for name, array in outputs.items() if (fault := _fault(array, rows, one.get(name)))}
    if not outputs:
        raise Refused("it has no output")
    kept = _without(outputs, faults)
    unknown = [name for name, array in kept.items() if _has_nan(array)]
    if unknown:
        raise Refused(
            f"its output {unknown[0]} is not a number (NaN) for some of the inputs",
            advice="give inputs as it knows them: --samples FILE.npz, or --input-range NAME=LOW:HIGH",
        )
    return kept


def _without(outputs: dict[str, Array], faults: Mapping[str, str]) -> dict[str, Array]:
    """The outputs that have no fault, with a note of each other; Refused where all have one."""
    told = [f"its output {name} {fault}" for name, fault in faults.items()]
    if len(faults) == len(outputs):
        instead, dtype = "an answer of one size for each row, along the first axis", outputs[next(iter(faults))].dtype
        if str(dtype) not in DTYPES:
            instead = "another dtype: of complex numbers, the real and imaginary parts"
        if dtype.kind in "OSU":
            instead = "numbers in place of strings, as of a class its index"
        raise Refused(told[0], advice=f"have it give {instead}")
    for text in told:
        note(f"{text}; it is left out")
    return {name: array for name, array in outputs.items() if name not in faults}


def _growing(outputs: Mapping[str, Array], alone: Mapping[str, Array]) -> dict[str, str]:
    """Of outputs with another axis that the number of rows decides, as of a table of each row with each, the fault."""
    return {
        name: f"has shape {list(array.shape)} for {len(array)} rows and {list(one.shape)} for one: "
        "nothing but the first axis may grow with the batch"
        for name, array in outputs.items()
        if (one := alone.get(name)) is not None
        and (one.ndim, one.shape[:1]) == (array.ndim, (1,))
        and one.shape[1:] != array.shape[1:]
    }


def _has_nan(array: Array) -> bool:
    return array.dtype.kind == "f" and bool(np.isnan(array).any())


def _fault(array: Array, rows: int, alone: Array | None) -> str:
    """Why an output cannot be served, or ''."""
    if array.ndim == 0 or array.shape[0] != rows:
        return f"has shape {list(array.shape)} for {rows} rows: the first axis must be the batch"
    if alone is not None and array.shape == alone.shape:
        return f"has shape {list(array.shape)} for any number of rows: the first axis must be the batch"
    if str(array.dtype) not in DTYPES:
        return f"is {array.dtype}, which is not served: dtypes are {', '.join(DTYPES)}"
    return "" if array.size else f"is empty: its shape is {list(array.shape)}"


def _same(
    alone: dict[str, Array], together: dict[str, Array], row: int, tensors: Sequence[TensorSpec], found: Found
) -> None:
    """Refused where a row's answer depends on the rows beside it: no server that batches could give it."""
    expected = take(together, slice(row, row + 1))
    try:
        errors = compare(alone, expected, tensors)
    except Mismatch as error:
        raise Refused(
            f"row {row} alone gives other outputs than in a batch: {error}",
            advice="have it give each output with its rows first, also for one row: squeeze(-1) in place of squeeze()",
        ) from None
    if errors.wrong.any():
        raise Refused(
            f"the answer to row {row} depends on the rows beside it (by {errors.error[0]:.3g}): "
            "something is computed across the batch, such as a normalisation by the batch's own mean, or its rows lie "
            "along another axis than the first",
            advice=_as_it_predicts(
                found,
                "save it as it predicts, with averages from training in place of the batch's, and with its rows "
                "first: batch_first=True in layers of PyTorch",
            ),
        )
