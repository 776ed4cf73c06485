"""The JSON of REST in a message of TorchServe's."""

import numpy as np

from serveoff.loadtests.payloads import grpc_torchserve, json_rows, payload_for
from tests.loadtests.payloads.models import FLAT

PAYLOAD = payload_for("grpc", "torchserve", "grpc_torchserve_json")


def test_the_request_is_the_json_body_under_data():
    batch = {"x": np.float32([[0.5, 2.0]])}
    data = json_rows.encode(FLAT, batch)
    entry = b"\x0a\x04data\x12" + bytes([len(data)]) + data
    assert PAYLOAD.encode(FLAT, batch) == b"\x0a\x01m" + b"\x1a" + bytes([len(entry)]) + entry


def test_it_goes_to_the_same_method_and_is_answered_alike():
    assert (PAYLOAD.kind, PAYLOAD.method) == ("grpc_json", grpc_torchserve.method)
    assert PAYLOAD.decode is grpc_torchserve.decode
