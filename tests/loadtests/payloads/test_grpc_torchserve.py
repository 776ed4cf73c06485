"""No package publishes TorchServe's stubs, so the wire bytes are spelled out by its .proto's field numbers."""

import numpy as np
import pytest

from loadtests.payloads import grpc_torchserve, payload_for


def field(number, data):
    """A length-delimited field of less than 128 bytes (protobuf.dev, Encoding)."""
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


def test_the_request_is_name_data_and_shape():
    batch = np.float32([[0.5, 2.0]])
    data = field(1, b"data") + field(2, batch.astype("<f4").tobytes())
    shape = field(1, b"shape") + field(2, b"1,2")
    expected = field(1, b"digits_cnn") + field(3, data) + field(3, shape)
    assert grpc_torchserve.encode("digits_cnn", batch) == expected


def test_the_answer_is_json_in_a_message():
    answer = field(1, b'{"predictions": [[0.5, 0.25]]}')
    np.testing.assert_array_equal(grpc_torchserve.decode(answer), np.float32([[0.5, 0.25]]))


@pytest.mark.parametrize("answer", [b"", b"\xff\xff", field(1, b"no JSON")])
def test_what_is_not_an_answer_is_a_value_error(answer):
    with pytest.raises(ValueError):  # noqa: PT011
        grpc_torchserve.decode(answer)


def test_it_is_the_payload_of_its_api():
    payload = payload_for("grpc", "torchserve")
    assert payload.kind == "bytes"
    assert payload.method == "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"
