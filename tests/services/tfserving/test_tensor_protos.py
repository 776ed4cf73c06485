from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto

from serveoff.services.tfserving.embedded.errors import ServingError
from serveoff.services.tfserving.embedded.tensor_protos import from_proto, to_proto

ARRAYS = [
    np.float32([[1, 2], [3, 4]]),
    np.float64([0.1]),
    np.int32(7),
    np.int64([-1, 2**62]),
    np.uint8([[255]]),
    np.uint64([2**63]),
    np.array([True, False]),
    np.array([b"a", b"\xff"], dtype=object),
    np.float16([0.5, 2]),
    np.float32(np.zeros((0, 3))),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_there_and_back(array):
    proto = TensorProto()
    to_proto(array, proto)
    back = from_proto("x", proto)
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(tf.make_ndarray(proto), array)


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_what_tensorflow_writes(array):
    np.testing.assert_array_equal(from_proto("x", tf.make_tensor_proto(array)), array)


def test_one_value_fills_a_shape():
    proto = TensorProto(dtype=1, float_val=[2.5])
    proto.tensor_shape.dim.add(size=3)
    np.testing.assert_array_equal(from_proto("x", proto), np.float32([2.5] * 3))


def broken(**fields):
    size = fields.pop("size", 2)
    proto = TensorProto(**fields)
    proto.tensor_shape.dim.add(size=size)
    return proto


@pytest.mark.parametrize(
    "proto",
    [
        broken(dtype=1, tensor_content=b"1234"),
        broken(dtype=1, tensor_content=b"12345", size=1),
        broken(dtype=1, float_val=[1, 2, 3]),
        broken(dtype=1, float_val=[1], size=10**12),
        broken(dtype=1, float_val=[1], size=-1),
        broken(dtype=0, float_val=[1]),
        broken(dtype=9999, tensor_content=b"12345678"),
        broken(dtype=20, tensor_content=b"12345678"),
        broken(dtype=21, tensor_content=b"12345678"),
        broken(dtype=2, double_val=[1], size=2**28),
        broken(dtype=7, string_val=[b"a"], size=2**28),
    ],
    ids=str,
)
def test_refused(proto):
    with pytest.raises(ServingError, match="tensor parsing error: x"):
        from_proto("x", proto)


def test_values_that_are_all_there_may_be_many():
    values = np.zeros(2**22 + 1, np.float32)
    proto = broken(dtype=1, float_val=values.tolist(), size=values.size)
    assert from_proto("x", proto).size == values.size
