"""No package publishes TorchServe's stubs, so the wire bytes are spelled out by its .proto's field numbers."""

import numpy as np
import pytest
from hypothesis import given

from serveoff.loadtests.payloads import grpc_torchserve, payload_for
from tests.loadtests.payloads.models import BATCHES, FLAT, TWO, assert_same, echoes


def field(number, data):
    """A length-delimited field of less than 128 bytes (protobuf.dev, Encoding)."""
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


def entry(name, data):
    return field(3, field(1, name) + field(2, data))


def test_the_request_is_name_data_and_shape():
    batch = {"x": np.float32([[0.5, 2.0]])}
    expected = field(1, b"m") + entry(b"data", batch["x"].astype("<f4").tobytes()) + entry(b"shape", b"1,2")
    assert grpc_torchserve.encode(FLAT, batch) == expected


def test_each_of_several_inputs_has_data_and_shape_of_its_own():
    spec, batch = BATCHES["two"]
    expected = (
        field(1, b"m")
        + entry(b"data.age", batch["age"].astype("<i8").tobytes())
        + entry(b"data.image", batch["image"].tobytes())
        + entry(b"shape.age", b"2")
        + entry(b"shape.image", b"2,2,2,1")
    )
    assert grpc_torchserve.encode(spec, batch) == expected


@given(echoes())
def test_a_server_reads_back_the_same_numbers(echo):
    spec, batch = echo
    request = grpc_torchserve._MESSAGES["PredictionsRequest"].FromString(grpc_torchserve.encode(spec, batch))
    of = {t.name: f".{t.name}" if len(spec.inputs) > 1 else "" for t in spec.inputs}
    found = {}
    for t in spec.inputs:
        shape = [int(size) for size in request.input[f"shape{of[t.name]}"].decode().split(",")]
        data = np.frombuffer(request.input[f"data{of[t.name]}"], np.dtype(t.dtype).newbyteorder("<"))
        found[t.name] = data.astype(t.dtype).reshape(shape)
    assert len(request.input) == 2 * len(spec.inputs)
    assert_same(found, batch)


def test_the_answer_is_json_in_a_message():
    answer = field(1, b'{"predictions": [[0.5, 0.25]]}')
    assert_same(grpc_torchserve.decode(answer, 1, FLAT), {"x": np.float32([[0.5, 0.25]])})
    answer = field(1, b'{"predictions": [{"scores": [0.5, 0.25, 1], "known": true}]}')
    assert set(grpc_torchserve.decode(answer, 1, TWO)) == {"scores", "known"}


@pytest.mark.parametrize("answer", [b"", b"\xff\xff\xff", field(1, b"no JSON")])
def test_what_is_not_an_answer_is_a_value_error(answer):
    with pytest.raises(ValueError):  # noqa: PT011
        grpc_torchserve.decode(answer, 1, FLAT)


def test_it_is_the_payload_of_its_api():
    payload = payload_for("grpc", "torchserve")
    assert payload.kind == "bytes"
    assert payload.method == "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"
