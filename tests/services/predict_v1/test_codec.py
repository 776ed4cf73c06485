from __future__ import annotations

import json
from base64 import b64encode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serveoff.loadtests.payloads import json_rows
from serveoff.models.spec import ModelSpec, TensorSpec
from serveoff.services.predict_v1 import BadInputError, Codec, encode_json

SMALL = Codec([TensorSpec(name="x", shape=(-1, 2, 2), dtype="float32")])

nested = st.recursive(
    st.one_of(st.integers(-9, 9), st.floats(-9, 9), st.booleans(), st.none(), st.text("[],0", max_size=3)),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=12,
)


def is_batch(value: object) -> bool:
    """The definition, spelled out: a list of at least one list of two lists of two numbers."""

    def numbers(row: object) -> bool:
        return isinstance(row, list) and len(row) == 2 and all(type(n) in (int, float) for n in row)

    def image(row: object) -> bool:
        return isinstance(row, list) and len(row) == 2 and all(map(numbers, row))

    return isinstance(value, list) and len(value) > 0 and all(map(image, value))


@given(nested)
def test_accepts_exactly_the_batches(value: object) -> None:
    body = json.dumps({"instances": value}).encode()
    if is_batch(value):
        np.testing.assert_array_equal(SMALL.decode_json(body).batch["x"], np.array(value, np.float32))
    else:
        with pytest.raises(BadInputError):
            SMALL.decode_json(body)


@given(st.text("[],0", max_size=8), st.text("[],0", max_size=8), nested)
def test_brackets_in_other_keys_do_not_pass_for_structure(before: str, after: str, value: object) -> None:
    body = json.dumps({before: before, "instances": value, after: after}).encode()
    if is_batch(value):
        np.testing.assert_array_equal(SMALL.decode_json(body).batch["x"], np.array(value, np.float32))
    else:
        with pytest.raises(BadInputError):
            SMALL.decode_json(body)


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=4, max_size=4))
def test_float32_survives_json_and_raw_bytes(numbers: list[float]) -> None:
    batch = np.array(numbers, np.float32).reshape(1, 2, 2)
    as_json = SMALL.decode_json(json.dumps({"instances": batch.tolist()}).encode()).batch["x"]
    raw = SMALL.decode_raw(batch.tobytes(), "1,2,2").batch["x"]
    np.testing.assert_array_equal(as_json, batch)
    np.testing.assert_array_equal(raw, batch)
    assert as_json.flags.c_contiguous
    assert raw.flags.writeable


@given(st.binary(max_size=60))
def test_any_bytes_are_a_batch_or_a_bad_input(body: bytes) -> None:
    with pytest.raises(BadInputError):
        SMALL.decode_json(body)


@pytest.mark.parametrize(
    ("value", "says"),
    [([[[1, 2], [3]]], "instances[0][1] is 1 items"), ([[[1, 2], [3, "4"]]], "instances[0][1][1] is str")],
)
def test_message_names_the_place(value: object, says: str) -> None:
    with pytest.raises(BadInputError, match=says.replace("[", r"\[")):
        SMALL.decode_json(json.dumps({"instances": value}).encode())


def as_base64(batch: np.ndarray) -> list[dict[str, str]]:
    return [{"b64": b64encode(row.astype("<f4").tobytes()).decode()} for row in batch]


FORMS = {
    "rows": lambda rows: {"instances": rows},
    "rows by signature": lambda rows: {"signature_name": "serving_bytes", "instances": rows},
    "named rows": lambda rows: {"instances": [{"x": row} for row in rows]},
    "named rows by signature": lambda rows: {
        "signature_name": "serving_bytes",
        "instances": [{"x_bytes": row} for row in rows],
    },
    "columns": lambda rows: {"inputs": rows},
    "named columns by signature": lambda rows: {"inputs": {"x_bytes": rows}, "signature_name": "serving_bytes"},
}


@pytest.mark.parametrize("form", FORMS)
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=8, max_size=8))
def test_float32_survives_base64(form: str, numbers: list[float]) -> None:
    batch = np.array(numbers, np.float32).reshape(2, 2, 2)
    decoded = SMALL.decode_json(json.dumps(FORMS[form](as_base64(batch))).encode())
    np.testing.assert_array_equal(decoded.batch["x"], batch)
    assert decoded.answer_key == ("outputs" if "columns" in form else "predictions")
    assert decoded.batch["x"].flags.writeable


@given(st.text(max_size=23))
def test_any_text_too_short_for_a_row_is_a_bad_input(text: str) -> None:
    with pytest.raises(BadInputError):
        SMALL.decode_json(json.dumps({"instances": [{"b64": text}]}).encode())


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"b64": "AAAA"}], r"instances\[0\] has 3 bytes; a row of float32 has 16"),
        ([*as_base64(np.zeros((1, 2, 2))), {"b64": "!"}], r"instances\[1\] is not base64"),
        ([*as_base64(np.zeros((1, 2, 2))), [[1, 2], [3, 4]]], "all be base64"),
        ([[[1, 2], [3, 4]]], r'instances\[0\] is list where \{"b64": "\.\.\."\} belongs'),
    ],
)
def test_a_bad_base64_row_is_named(rows: object, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        SMALL.decode_json(json.dumps({"signature_name": "serving_bytes", "instances": rows}).encode())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_infinities_are_written_as_tensorflow_serving_writes_them_and_read_back(dtype: type) -> None:
    scores = np.array([[1.5, -np.inf], [np.inf, 0]], dtype)
    text = encode_json({"scores": scores}, "predictions")
    assert text == b'{"predictions": [[1.5, -Infinity], [Infinity, 0.0]]}'
    spec = ModelSpec(name="m", description="", inputs=(), outputs=(
        TensorSpec(name="scores", shape=(-1, 2), dtype=np.dtype(dtype).name),))  # fmt: skip
    np.testing.assert_array_equal(json_rows.decode(text, 2, spec)["scores"], scores)
