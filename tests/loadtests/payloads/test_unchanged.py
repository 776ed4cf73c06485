"""Requests to a model with one float32 input are those of the runs that were made before there were others."""

import hashlib

import numpy as np
import pytest

from serveoff.loadtests.payloads import payload_for
from tests.loadtests.payloads.models import DIGITS

BATCH = {"image": np.random.default_rng(3).random((2, 28, 28, 1), dtype=np.float32)}
BODIES = {
    ("rest", "", "json_rows"): "97d8cca68d6ee6af",
    ("rest", "", "json_base64"): "ef5e6d2379ad1f7c",
    ("rest", "", "raw_tensor"): "fd513c5716b6fdf7",
    ("grpc", "tfserving", "grpc_tfserving"): "9de5dc621a0b4109",
    ("grpc", "tfserving", "grpc_tfserving_bytes"): "c9c605b1dc479b0e",
    ("grpc", "torchserve", "grpc_torchserve"): "55b650e31fcc0ad6",
    ("grpc", "torchserve", "grpc_torchserve_json"): "537e4f0c20ac0c9d",
}
"""The first digits of each body's SHA-256, as version 0.1.0 made it."""


@pytest.mark.parametrize("encoding", BODIES, ids=lambda encoding: encoding[2])
def test_a_body_is_byte_for_byte_what_it_was(encoding):
    body = payload_for(*encoding).encode(DIGITS, BATCH)
    assert hashlib.sha256(body).hexdigest()[:16] == BODIES[encoding]
