"""The Open Inference Protocol over gRPC: bytes on the wire, by the field numbers of its open_inference_grpc.proto."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from serveoff.loadtests.attached.ask import asking
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.reading import reading
from serveoff.loadtests.attached.v2_tensors import DATATYPES, from_raw, to_raw
from tests.loadtests.attached import servers

V2 = dialect("grpc_open_inference")


def field(number, data):
    """A field of bytes, a text or a message."""
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


def tensor(name, datatype, shape, contents=b""):
    return field(1, name) + field(2, datatype) + field(3, bytes(shape)) + (field(5, contents) if contents else b"")


def test_a_request_is_the_protocols():
    inputs = {"x": np.array([[1.5, 2.0]], np.float32), "text": np.array(["hé"])}
    assert V2.encode("mymodel", inputs) == (
        field(1, b"mymodel")
        + field(5, tensor(b"x", b"FP32", [1, 2]))
        + field(5, tensor(b"text", b"BYTES", [1]))
        + field(7, struct.pack("<2f", 1.5, 2.0))
        + field(7, struct.pack("<I", 3) + "hé".encode())
    )


def test_the_version_of_a_url_is_asked_for():
    asked = V2.encode(V2.model("/v2/models/m/versions/10"), {"x": np.ones((1, 1), np.int8)})
    assert asked.startswith(field(1, b"m") + field(2, b"10") + field(5, tensor(b"x", b"INT8", [1, 1])))
    with pytest.raises(ValueError, match="no label stable"):
        V2.encode(V2.model("/m/labels/stable"), {"x": np.ones((1, 1))})


def test_an_answer_comes_back_through_a_server():
    def answer(asked):
        """The raw contents are the end of the request, and those of the answer."""
        raw = np.frombuffer(asked.body[-8:], "<f4") * 2
        return field(1, b"m") + field(3, b"42") + field(5, tensor(b"y", b"FP32", [1, 2])) + field(6, raw.tobytes())

    with servers.rpc(V2.method, answer) as served:
        body = V2.encode("m", {"x": np.array([[1.5, 2.0]], np.float32)})
        with asking(served.target(), Exchange(dialect="grpc_open_inference", bodies=(body,)), 10.0) as ask:
            np.testing.assert_array_equal(V2.read(ask(body))["answer"], [[3.0, 4.0]])


@pytest.mark.parametrize(
    ("datatype", "contents", "values"),
    [
        (b"BOOL", field(1, b"\x01\x00"), [True, False]),
        (b"INT8", field(2, b"\x03\x04"), [3, 4]),
        (b"INT64", field(3, b"\x03\x04"), [3, 4]),
        (b"UINT32", field(4, b"\x03\x04"), [3, 4]),
        (b"UINT64", field(5, b"\x03\x04"), [3, 4]),
        (b"FP32", field(6, struct.pack("<2f", 0.5, 2)), [0.5, 2]),
        (b"FP64", field(7, struct.pack("<2d", 0.5, 2)), [0.5, 2]),
    ],
)
def test_contents_by_type_are_read(datatype, contents, values):
    np.testing.assert_array_equal(V2.read(field(5, tensor(b"y", datatype, [1, 2], contents)))["answer"], [values])


def test_texts_and_halves_are_read():
    contents = field(8, b"cat") + field(8, b"dog")
    assert list(V2.read(field(5, tensor(b"y", b"BYTES", [2], contents)))) == ["answer[0]='cat'", "answer[1]='dog'"]
    raw = field(6, struct.pack("<I", 3) + b"cat")
    assert list(V2.read(field(5, tensor(b"y", b"BYTES", [1])) + raw)) == ["answer='cat'"]
    half = field(5, tensor(b"y", b"FP16", [2])) + field(6, np.array([0.5, 2], "<f2").tobytes())
    np.testing.assert_array_equal(V2.read(half)["answer"], [[0.5, 2]])
    brain = field(5, tensor(b"y", b"BF16", [2])) + field(6, b"\x00\x3f\x00\x40")
    np.testing.assert_array_equal(V2.read(brain)["answer"], [[0.5, 2]])


def test_several_outputs_have_names_and_a_path_finds_one():
    answer = b"".join(field(5, tensor(name, b"INT8", [1, 2], field(2, b"\x03\x04"))) for name in (b"a", b"b"))
    assert list(V2.read(answer)) == ["a", "b"]
    np.testing.assert_array_equal(V2.read(answer, "b")["answer"], [[3, 4]])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "no outputs"),
        (b"\xff", "not a ModelInferResponse"),
        (field(5, tensor(b"y", b"FP8", [1])) + field(6, b"\x00"), "y is of datatype FP8"),
        (field(5, tensor(b"y", b"FP32", [2])) + field(6, b"\x00" * 4), r"y has 1 values, which are not of shape \[2\]"),
        (field(5, tensor(b"y", b"FP32", [1])) + field(6, b"\x00" * 3), "buffer size"),
        (field(5, tensor(b"y", b"FP32", [1])) + field(6, b"") * 2, "raw contents of 2 outputs, and 1 outputs"),
        (field(5, tensor(b"y", b"BYTES", [1])) + field(6, b"\x09\x00\x00\x00cat"), "y ends amid a string"),
        (field(5, tensor(b"y", b"INT32", [1], field(6, b"\x00" * 4))), "not made of INT32 but of float64"),
    ],
)
def test_what_is_no_answer_is_said(answer, said):
    with pytest.raises(ValueError, match=said):
        V2.read(answer)


SHAPES = arrays.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)


@given(
    st.sampled_from([*DATATYPES]).flatmap(lambda name: st.tuples(st.just(name), arrays.arrays(DATATYPES[name], SHAPES)))
)
def test_raw_contents_come_back(typed):
    datatype, array = typed
    back = from_raw("x", datatype, array.shape, to_raw(array))
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype
    assert reading(back).keys() == reading(array).keys()


@given(st.lists(st.text(max_size=9) | st.binary(max_size=9), min_size=1, max_size=5))
def test_raw_strings_come_back(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    back = from_raw("x", "BYTES", array.shape, to_raw(array))
    assert back.tolist() == [value.encode() if isinstance(value, str) else value for value in values]
