from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serveoff.services.tfserving.embedded.errors import ServingError
from serveoff.services.tfserving.embedded.rest_json.fast import PlainBodies
from serveoff.services.tfserving.embedded.rest_json.request import parse_json, predict_tensors
from serveoff.services.tfserving.embedded.signatures import TensorInfo

SHAPE = (2, 2, 1)
BODY = b'{"instances": [[[1], [2.5]], [[-3e-1], [4]]]}'


@pytest.fixture
def bodies():
    reader = PlainBodies()
    reader.learn(BODY, np.float32, SHAPE)
    return reader


def ordinary(body, dtype="float"):
    """What the ordinary way makes of a body, None where it refuses."""
    try:
        return predict_tensors(parse_json(body), {"x": TensorInfo("x:0", dtype, None)})[1]["x"]
    except ServingError:
        return None


def test_reads_what_it_has_learnt(bodies):
    np.testing.assert_array_equal(bodies.read(BODY, np.float32), np.float32([[[1], [2.5]], [[-0.3], [4]]]))
    other = b'{"instances":[[[7],[8]],[[9],\n[10]]]}'
    np.testing.assert_array_equal(bodies.read(other, np.float32), np.float32([[[7], [8]], [[9], [10]]]))


def test_unknown_shapes_take_the_ordinary_way(bodies):
    assert bodies.read(b'{"instances": [[1]]}', np.float32) is None
    assert PlainBodies().read(BODY, np.float32) is None


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
def test_whatever_is_not_plain_takes_the_ordinary_way(bodies, body):
    assert bodies.read(body, np.float32) is None


def test_does_not_learn_what_is_more_than_instances():
    reader = PlainBodies()
    reader.learn(b'{"instances": [[1]], "signature_name": "a1"}', np.float32, (1, 1))
    assert reader.read(b'{"instances": [[1]], "signature_name": "a2"}', np.float32) is None


@given(st.text(alphabet='{}[]:,"1.eE-+ intasc', max_size=20), st.integers(0, len(BODY)), st.integers(0, 10))
def test_never_says_yes_where_the_ordinary_way_says_no(text, start, length):
    reader = PlainBodies()
    reader.learn(BODY, np.float32, SHAPE)
    body = BODY[:start] + text.encode() + BODY[start + length :]
    fast = reader.read(body, np.float32)
    if fast is not None:
        np.testing.assert_array_equal(fast, ordinary(body))


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
def test_same_numbers_as_the_ordinary_way(numbers):
    reader = PlainBodies()
    reader.learn(BODY, np.float32, SHAPE)
    body = json.dumps({"instances": np.reshape(numbers, SHAPE).tolist()}).encode()
    np.testing.assert_array_equal(reader.read(body, np.float32), ordinary(body))


INTEGERS = {"int32": np.int32, "int64": np.int64, "uint8": np.uint8}
INTEGER_BODY = b'{"instances": [[[1], [25]], [[3], [4]]]}'


@pytest.mark.parametrize("dtype", INTEGERS)
@given(st.lists(st.integers(-(2**63), 2**64) | st.integers(-300, 300), min_size=4, max_size=4))
def test_integers_are_those_of_the_ordinary_way_or_left_to_it(dtype, numbers):
    reader, wanted = PlainBodies(), INTEGERS[dtype]
    reader.learn(INTEGER_BODY, wanted, SHAPE)
    body = json.dumps({"instances": np.reshape(np.array(numbers, object), SHAPE).tolist()}).encode()
    fast, limits = reader.read(body, wanted), np.iinfo(wanted)
    assert (fast is not None) == all(limits.min <= number <= limits.max for number in numbers)
    if fast is not None:
        assert fast.dtype == wanted
        np.testing.assert_array_equal(fast, ordinary(body, dtype))


@pytest.mark.parametrize("number", ["1.0", "1e3", "1.5", "-0.0", "1E2"])
def test_what_is_written_as_a_float_is_no_integer(number):
    reader = PlainBodies()
    reader.learn(INTEGER_BODY, np.int64, SHAPE)
    assert reader.read(INTEGER_BODY, np.int64) is not None
    assert reader.read(INTEGER_BODY.replace(b"25", number.encode()), np.int64) is None


def test_a_type_is_learnt_by_itself():
    reader = PlainBodies()
    reader.learn(INTEGER_BODY, np.int64, SHAPE)
    assert reader.read(INTEGER_BODY, np.float32) is None
    reader.learn(INTEGER_BODY, np.bool_, SHAPE)
    assert reader.read(INTEGER_BODY, np.bool_) is None, "has no fast way"
