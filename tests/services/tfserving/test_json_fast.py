from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serveoff.services.tfserving.embedded.errors import Code, ServingError
from serveoff.services.tfserving.embedded.rest_json.fast import plain_rows
from serveoff.services.tfserving.embedded.rest_json.request import parse_json, predict_tensors
from serveoff.services.tfserving.embedded.signatures import TensorInfo

SHAPE = (2, 2, 1)
BODY = b'{"instances": [[[1], [2.5]], [[-3e-1], [4]]]}'


def read(body, dtype="float", shape=(-1, *SHAPE[1:])):
    return plain_rows(body, TensorInfo("x:0", dtype, shape))


def ordinary(body, dtype="float"):
    """What the ordinary way makes of a body, None where it refuses."""
    try:
        return predict_tensors(parse_json(body), {"x": TensorInfo("x:0", dtype, None)})[1]["x"]
    except ServingError:
        return None


def test_reads_rows_of_the_signature_s_shape():
    np.testing.assert_array_equal(read(BODY), np.float32([[[1], [2.5]], [[-0.3], [4]]]))
    other = b'{"instances":[[[7],[8]],[[9],\n[10]]]}'
    np.testing.assert_array_equal(read(other), np.float32([[[7], [8]], [[9], [10]]]))


def test_other_and_unknown_shapes_take_the_ordinary_way():
    assert read(b'{"instances": [[1]]}') is None
    assert read(BODY, shape=None) is None
    assert read(BODY, shape=(-1, -1, 1)) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [[[1], [2.5]], [[], [4]]]}',
        b'{"instances": [[[1], [2.5]], [[-3e-1, 4]]]}',
        b'{"instances": [[[1], [2.5]], [[3], 4[]]]}',
        b'{"instances": [1[[], [2.5]], [[3], [4]]]}',
        b'{"instances": [[[1 2], [2.5]], [[3], [4]]]}',
        b'{"instances": [[[1], [2.5]], [[3], [04]]]}',
        b'{"instances": [[[1], [2.5]], [[3], [1e39]]]}',
        b'{"instances": [[[1], [2.5]], [[3], [18446744073709551616]]]}',
        b'{"instances": [[[1], [2.5]], [[3], [-9223372036854775809]]]}',
        b'{"instances": [[[1], [2.5]], [[3], [NaN]]]}',
        b'{"instances": [[[1], [2.5]], [[3], [null]]]}',
        b'{"instances": [[[1], [2.5]], [[3], ["4"]]]}',
        b'{"instances": [[[1], [2.5]], [[3], [4]]]} 5',
        b'{"instances": [[[1], [2.5]], [[3], [4]]], "signature_name": "s"}',
        b'{"inst1ances": [[[1], [2.5]], [[3], [4]]]}',
        b"",
    ],
)
def test_whatever_is_not_plain_takes_the_ordinary_way(body):
    assert read(body) is None


@given(st.text(alphabet='{}[]:,"1.eE-+ intasc', max_size=20), st.integers(0, len(BODY)), st.integers(0, 10))
def test_never_says_yes_where_the_ordinary_way_says_no(text, start, length):
    body = BODY[:start] + text.encode() + BODY[start + length :]
    fast = read(body)
    if fast is not None:
        np.testing.assert_array_equal(fast, ordinary(body))


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
def test_same_numbers_as_the_ordinary_way(numbers):
    body = json.dumps({"instances": np.reshape(numbers, SHAPE).tolist()}).encode()
    np.testing.assert_array_equal(read(body), ordinary(body))


INTEGERS = {"int32": np.int32, "int64": np.int64, "uint8": np.uint8}
INTEGER_BODY = b'{"instances": [[[1], [25]], [[3], [4]]]}'


@pytest.mark.parametrize("dtype", INTEGERS)
@given(st.lists(st.integers(-(2**63), 2**64) | st.integers(-300, 300), min_size=4, max_size=4))
def test_integers_are_those_of_the_ordinary_way_or_left_to_it(dtype, numbers):
    wanted = INTEGERS[dtype]
    body = json.dumps({"instances": np.reshape(np.array(numbers, object), SHAPE).tolist()}).encode()
    fast, limits = read(body, dtype), np.iinfo(wanted)
    assert (fast is not None) == all(limits.min <= number <= limits.max for number in numbers)
    if fast is not None:
        assert fast.dtype == wanted
        np.testing.assert_array_equal(fast, ordinary(body, dtype))


@pytest.mark.parametrize("number", ["1.0", "1e3", "1.5", "-0.0", "1E2"])
def test_what_is_written_as_a_float_is_no_integer(number):
    assert read(INTEGER_BODY, "int64") is not None
    assert read(INTEGER_BODY.replace(b"25", number.encode()), "int64") is None


def test_other_types_have_no_fast_way():
    assert read(b'{"instances": [[[true], [true]]]}', "bool") is None
    assert read(INTEGER_BODY, "double") is None


def many(before: str, value: str, times: int, after: str) -> bytes:
    return (before + ",".join([value] * times) + after).encode()


NO_REQUESTS = [
    many('{"instances":[', "[]", 30_000, "]}"),
    many('{"instances": [', "0", 40_000, "]}"),
    many('{ "instances":[', "{}", 30_000, "]}"),
    many('{"instances":[', "[[0],[0]]", 10_000, ',[[0],["?"]]]}'),
    many('{"instances":[', '{"x":[]}', 10_000, "]}"),
    many('{"inputs":{"x":[', "[]", 30_000, "]}}"),
    many('{"signature_name":"","instances":[', "[]", 30_000, "]}"),
]


def read_at_once(body: bytes, info: TensorInfo) -> np.ndarray:
    """As a server reads it."""
    fast = plain_rows(body, info)
    return predict_tensors(parse_json(body), {"x": info})[1]["x"] if fast is None else fast


@pytest.mark.parametrize("body", NO_REQUESTS, ids=range(len(NO_REQUESTS)))
def test_a_large_body_that_is_no_request_is_refused_in_memory_of_its_size(body):
    """Python's objects would take up to forty times its size."""
    tracemalloc.start()
    try:
        with pytest.raises(ServingError):
            read_at_once(body, TensorInfo("x:0", "float", (-1, *SHAPE[1:])))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes <= 8 * len(body) + 64 * 1024


@pytest.mark.parametrize(
    ("dtype", "shape", "value"),
    [("string", (-1,), '"a"'), ("float", (-1, -1), "1"), ("float", (-1, 1), "1"), ("bool", None, "true")],
)
def test_a_large_body_is_read_where_rows_are_not_known_or_may_come_in_two_ways(dtype, shape, value):
    body = many('{"instances":[', value, 50_000, "]}")
    assert read_at_once(body, TensorInfo("x:0", dtype, shape)).shape == (50_000,)


def test_a_type_that_json_has_not_is_refused_before_a_large_body_is_read():
    with pytest.raises(ServingError, match="to type: half") as refused:
        read_at_once(many('{"inputs":[', "1", 50_000, "]}"), TensorInfo("x:0", "half", (-1,)))
    assert refused.value.code is Code.UNIMPLEMENTED
