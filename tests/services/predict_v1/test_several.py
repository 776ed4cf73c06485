"""Several inputs are named, in every encoding, and all have as many rows."""

from __future__ import annotations

import json
from base64 import b64encode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serveoff.models.tensors import Batch, rows_of
from serveoff.services.predict_v1 import BadInputError, BadOutputError, Codec, encode_json, encode_raw
from tests.services.two_tensors import SPEC, as_columns, as_raw, as_rows, predict, rows

CODEC = Codec(SPEC.inputs)
GOOD = rows(2)


def read(document: object) -> Batch:
    return CODEC.decode_json(json.dumps(document).encode()).batch


def same(found: Batch, expected: Batch) -> bool:
    assert list(found) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
        assert found[name].flags.c_contiguous
    return True


def in_base64(batch: Batch) -> list[dict[str, object]]:
    return [
        {f"{name}_bytes": {"b64": b64encode(array[row].tobytes()).decode()} for name, array in batch.items()}
        for row in range(rows_of(batch))
    ]


batches = st.builds(rows, st.integers(1, 4), st.integers(0, 2**32))


@given(batches)
def test_a_batch_comes_through_every_encoding_unchanged(batch: Batch) -> None:
    assert same(read({"instances": as_rows(batch)}), batch)
    assert same(read({"inputs": as_columns(batch)}), batch)
    assert same(read({"signature_name": "serving_bytes", "instances": in_base64(batch)}), batch)
    assert same(CODEC.decode_raw(*as_raw(batch)).batch, batch)
    bodies = {name: array.tobytes() for name, array in batch.items()}
    shapes = {name: ",".join(map(str, array.shape)) for name, array in batch.items()}
    assert same(CODEC.decode_apart(bodies, shapes).batch, batch)


@given(batches)
def test_answers_have_a_row_of_names_for_rows_and_columns_for_columns(batch: Batch) -> None:
    outputs = predict(batch)
    assert json.loads(encode_json(outputs, "predictions")) == {"predictions": as_rows(outputs)}
    assert json.loads(encode_json(outputs, "outputs")) == {"outputs": as_columns(outputs)}
    assert encode_raw(dict(reversed(outputs.items())), SPEC.outputs) == as_raw(outputs)


def test_rows_are_answered_as_predictions_and_columns_as_outputs() -> None:
    assert CODEC.decode_json(json.dumps({"instances": as_rows(GOOD)}).encode()).answer_key == "predictions"
    assert CODEC.decode_json(json.dumps({"inputs": as_columns(GOOD)}).encode()).answer_key == "outputs"


ROW, COLUMNS = as_rows(GOOD)[0], as_columns(GOOD)
NAMES = "takes 'prices_bytes', 'tokens_bytes'"
HUGE = COLUMNS | {"tokens": [[0, 0, 0], [0, 2**63, 0]]}
REFUSED = {
    "plain rows": ({"instances": [[1, 2]]}, r"instances\[0\] is list where an object belongs: .* 'prices', 'tokens'"),
    "plain columns": ({"inputs": [[1, 2]]}, "inputs is list where an object belongs"),
    "no rows": ({"instances": []}, "at least one row"),
    "a row without an input": (
        {"instances": [ROW, {"tokens": [1, 2, 3]}]},
        r"instances\[1\] names tokens: this model takes 'prices', 'tokens'",
    ),
    "a name too many": ({"instances": [ROW | {"mask": 1}]}, "names mask, prices, tokens"),
    "an empty row": ({"instances": [{}]}, r"instances\[0\] names nothing"),
    "a column that is missing": ({"inputs": {"prices": COLUMNS["prices"]}}, "inputs names prices: this model takes"),
    "a wrong name": ({"inputs": {"prices": COLUMNS["prices"], "token": [[1, 2, 3]] * 2}}, "names prices, token:"),
    "columns of two lengths": (
        {"inputs": COLUMNS | {"tokens": [[1, 2, 3]]}},
        "inputs must have as many rows of each input: prices has 2 and tokens has 1",
    ),
    "a column of nothing": ({"inputs": COLUMNS | {"tokens": []}}, "inputs.tokens must be a list of at least one row"),
    "a column that is none": ({"inputs": COLUMNS | {"tokens": 1}}, "inputs.tokens must be a list"),
    "a fraction for an integer": (
        {"instances": [ROW, ROW | {"tokens": [1, 2.5, 3]}]},
        r"instances\[1\].tokens\[1\] is 2.5, not an integer \(the input 'tokens' is int64\)",
    ),
    "an integer out of range": ({"inputs": HUGE}, r"inputs.tokens\[1\]\[1\]"),
    "a boolean": ({"instances": [ROW | {"prices": [[1, 2], [3, True]]}]}, r"prices\[1\]\[1\] is bool, not a number"),
    "a ragged row": ({"instances": [ROW | {"tokens": [1]}]}, r"instances\[0\].tokens is 1 items where a list of 3"),
    "numbers for bytes": ({"signature_name": "serving_bytes", "instances": [ROW]}, NAMES),
    "bytes of another size": (
        {"instances": [ROW | {"tokens": {"b64": "AAAA"}}]},
        r"instances\[0\].tokens has 3 bytes; a row of int64 has 24",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_batch_is_refused_with_its_place(case: str) -> None:
    document, says = REFUSED[case]
    with pytest.raises(BadInputError, match=says):
        read(document)


DATA, SHAPES = as_raw(GOOD)


@pytest.mark.parametrize(
    ("data", "shapes", "says"),
    [
        (DATA, None, "needs the header X-Tensor-Shape: prices=n,2,2;tokens=n,3"),
        (DATA, "2,2,2", "use prices=n,2,2;tokens=n,3 with n of 1 or more"),
        (DATA, "tokens=2,3;prices=2,2,2", "use prices=n,2,2;tokens=n,3"),
        (DATA, "prices=2,2,2", "use prices"),
        (DATA, "prices=2,2,2;tokens=2,3;mask=2", "use prices"),
        (DATA, "prices=2,2,2;tokens=1,3", "use prices"),
        (DATA, "prices=0,2,2;tokens=0,3", "use prices"),
        (DATA, f"prices={'9' * 5000},2,2;tokens={'9' * 5000},3", "use prices"),
        (DATA, "prices=1,2,2;tokens=1,3", "has 80 bytes; shape .* of float32 and int64 needs 40"),
        (DATA[:-1], SHAPES, "has 79 bytes"),
        (b"\0\0\xc0\x7f" + DATA[4:], SHAPES, "the input 'prices' holds a number that is not finite"),
    ],
)
def test_raw_bytes_that_are_no_batch_are_refused(data: bytes, shapes: str | None, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        CODEC.decode_raw(data, shapes)


@pytest.mark.parametrize(
    ("names", "shapes"),
    [(["prices"], ["1,2,2"]), (["prices", "mask"], ["1,2,2", "1,3"]), (["prices", "tokens"], ["1,2,2", "2,3"])],
)
def test_inputs_apart_are_all_there_and_have_as_many_rows(names: list[str], shapes: list[str]) -> None:
    bodies = {"prices": bytes(16), "tokens": bytes(24 * int(shapes[-1][0])), "mask": bytes(24)}
    with pytest.raises(BadInputError, match="tokens"):
        CODEC.decode_apart({name: bodies[name] for name in names}, dict(zip(names, shapes, strict=True)))


def test_a_body_too_long_for_one_input_does_not_pass_for_another_that_is_too_short() -> None:
    with pytest.raises(BadInputError, match="has 20 bytes; shape 1,2,2 of float32 needs 16"):
        CODEC.decode_apart({"prices": bytes(20), "tokens": bytes(20)}, {"prices": "1,2,2", "tokens": "1,3"})


def test_an_answer_that_is_no_number_is_none_in_whichever_output() -> None:
    with pytest.raises(BadOutputError, match="NaN"):
        encode_json({"total": np.int64([1]), "scaled": np.float32([np.nan])}, "predictions")
