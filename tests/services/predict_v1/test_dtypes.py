"""Every dtype comes through every encoding unchanged, and what it cannot hold is refused with what belongs there."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serveoff.models.spec import TensorSpec
from serveoff.services.predict_v1 import BadInputError, Codec, Decoded, encode_json, encode_raw

DTYPES = ("float32", "float64", "int64", "int32", "uint8", "bool")
Read = Callable[[Codec, np.ndarray], Decoded]


def tensor(dtype: str, row_shape: tuple[int, ...] = (2,)) -> TensorSpec:
    return TensorSpec(name="x", shape=(-1, *row_shape), dtype=dtype)


def as_json(document: Callable[[np.ndarray], object]) -> Read:
    return lambda codec, batch: codec.decode_json(json.dumps(document(batch)).encode())


def base64_rows(batch: np.ndarray) -> list[dict[str, str]]:
    return [{"b64": b64encode(np.asarray(row).tobytes()).decode()} for row in batch]


ENCODINGS: dict[str, Read] = {
    "rows": as_json(lambda batch: {"instances": batch.tolist()}),
    "named rows": as_json(lambda batch: {"instances": [{"x": row} for row in batch.tolist()]}),
    "columns": as_json(lambda batch: {"inputs": batch.tolist()}),
    "named columns": as_json(lambda batch: {"inputs": {"x": batch.tolist()}}),
    "base64": as_json(lambda batch: {"signature_name": "serving_bytes", "instances": base64_rows(batch)}),
    "raw": lambda codec, batch: codec.decode_raw(batch.tobytes(), ",".join(map(str, batch.shape))),
}

finite = {"allow_nan": False, "allow_infinity": False}
batches = st.sampled_from(DTYPES).flatmap(
    lambda dtype: st.sampled_from([(1, 2), (3, 2, 1), (2,)]).flatmap(
        lambda shape: arrays(dtype, shape, elements=finite if dtype.startswith("float") else None)
    )
)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(batches)
def test_a_batch_comes_through_unchanged(encoding: str, batch: np.ndarray) -> None:
    codec = Codec([tensor(batch.dtype.name, batch.shape[1:])])
    decoded = ENCODINGS[encoding](codec, batch).batch["x"]
    np.testing.assert_array_equal(decoded, batch)
    assert decoded.dtype == batch.dtype
    assert decoded.flags.c_contiguous
    assert decoded.flags.writeable


@given(batches)
def test_an_answer_comes_through_unchanged(batch: np.ndarray) -> None:
    (found,) = json.loads(encode_json({"x": batch}, "predictions")).values()
    np.testing.assert_array_equal(np.array(found, batch.dtype), batch)
    kind = {"f": float, "i": int, "u": int, "b": bool}[batch.dtype.kind]
    assert {type(value) for value in np.ravel(np.array(found, object))} == {kind}
    body, shape = encode_raw({"x": batch}, [tensor(batch.dtype.name, batch.shape[1:])])
    assert (body, shape) == (batch.tobytes(), ",".join(map(str, batch.shape)))


REFUSED = [
    ("int64", "1.5", r"instances\[1\]\[0\] is 1.5, not an integer \(the input 'x' is int64\)"),
    ("int64", "1.0", "is 1.0, not an integer"),
    ("int64", "1e3", "not an integer"),
    ("int64", str(2**63), f"is {2**63}: int64 holds {-(2**63)} to {2**63 - 1}"),
    ("int64", str(-(2**63) - 1), "not JSON that can be read"),
    ("int64", str(2**64), "not JSON that can be read"),
    ("int32", str(2**31), f"is {2**31}: int32 holds {-(2**31)} to {2**31 - 1}"),
    ("int32", str(-(2**31) - 1), "int32 holds"),
    ("int32", "true", "is bool, not an integer"),
    ("uint8", "256", r"instances\[1\]\[0\] is 256: uint8 holds 0 to 255"),
    ("uint8", "-1", "is -1: uint8 holds 0 to 255"),
    ("uint8", '"1"', "is str, not an integer"),
    ("uint8", "null", "is NoneType, not an integer"),
    ("uint8", "[1]", "is list, not an integer"),
    ("bool", "1", "is int, not true or false"),
    ("bool", "0.0", "not true or false"),
    ("bool", '"true"', "is str, not true or false"),
    ("float32", "true", "is bool, not a number"),
    ("float32", "1e39", "the input 'x' holds a number that is not finite in float32"),
    ("float32", "NaN", "not JSON"),
    ("float64", "1e400", "not JSON that can be read"),
    ("float64", '"1"', "is str, not a number"),
    ("float64", "false", "is bool, not a number"),
]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(("dtype", "literal", "says"), REFUSED)
def test_what_a_dtype_cannot_hold_is_refused(dtype: str, literal: str, says: str, named: bool) -> None:
    """On the fast path as on the explicit one."""
    good = {"b": "true"}.get(np.dtype(dtype).kind, "1")
    rows = [f"[{good}, {good}]", f"[{literal}, {good}]"]
    body = '{{"instances": [{}]}}'.format(", ".join(f'{{"x": {row}}}' if named else row for row in rows))
    with pytest.raises(BadInputError, match=says):
        Codec([tensor(dtype)]).decode_json(body.encode())


@pytest.mark.parametrize(
    ("dtype", "body", "says"),
    [
        ("int64", bytes(15), "the body has 15 bytes; shape 1,2 of int64 needs 16"),
        ("uint8", bytes(16), "the body has 16 bytes; shape 1,2 of uint8 needs 2"),
        ("bool", b"\1\2", "the input 'x' is bool: each byte must be 0 or 1"),
        ("float64", np.float64([np.nan, 1]).tobytes(), "not finite in float64"),
        ("float32", np.float32([np.inf, 1]).tobytes(), "not finite in float32"),
    ],
)
def test_bytes_that_are_no_row_are_refused(dtype: str, body: bytes, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        Codec([tensor(dtype)]).decode_raw(body, "1,2")
    row = {"b64": b64encode(body).decode()}
    with pytest.raises(BadInputError):
        Codec([tensor(dtype)]).decode_json(json.dumps({"instances": [row]}).encode())


def test_any_bits_are_integers() -> None:
    """Only floats are looked at for NaN: its bits as an integer are a number like any other."""
    data = np.float64([np.nan]).tobytes()
    assert Codec([tensor("int64", ())]).decode_raw(data, "1").batch["x"].tobytes() == data


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_integer_is_a_number_too(dtype: str) -> None:
    decoded = Codec([tensor(dtype)]).decode_json(b'{"instances": [[1, 2.5]]}').batch["x"]
    assert decoded.tolist() == [[1.0, 2.5]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_that_are_scalars_have_no_brackets(dtype: str) -> None:
    codec = Codec([tensor(dtype, ())])
    value = {"b": "true"}.get(np.dtype(dtype).kind, "1")
    decoded = codec.decode_json(f'{{"instances": [{value}, {value}]}}'.encode()).batch["x"]
    np.testing.assert_array_equal(decoded, np.ones(2, dtype))
    for rows in (f"[[{value}]]", f"[{value}, [{value}]]", "[]", value):
        with pytest.raises(BadInputError):
            codec.decode_json(f'{{"instances": {rows}}}'.encode())


@given(st.integers(-(2**65), 2**65), st.sampled_from(["int64", "int32", "uint8"]))
def test_an_integer_is_taken_exactly_if_the_dtype_holds_it(number: int, dtype: str) -> None:
    codec, limits = Codec([tensor(dtype, ())]), np.iinfo(dtype)
    body = json.dumps({"instances": [number]}).encode()
    if limits.min <= number <= limits.max:
        assert codec.decode_json(body).batch["x"].tolist() == [number]
    else:
        with pytest.raises(BadInputError):
            codec.decode_json(body)
