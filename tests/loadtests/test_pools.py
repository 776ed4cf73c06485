import numpy as np
import pytest

from loadtests.endpoints import Target
from loadtests.payloads import json_rows
from loadtests.pools import make_pool
from loadtests.samples import golden_inputs

TARGET = Target("flask-torchscript-rest", "rest", "127.0.0.1", 8501, "digits_cnn", "torchscript")


def frame(target, body, headers):
    """As a protocol's user would; importing one would patch the standard library of this process."""
    return "".join(f"{name}: {value};" for name, value in headers.items()).encode() + b"|" + body


def test_every_golden_input_is_one_framed_request(pool):
    made = make_pool(TARGET, frame, "", 1, pool, first=0)
    inputs = golden_inputs("digits_cnn", pool)
    assert len(made.requests) == 32
    for row, request in enumerate(made.requests):
        head, _, body = request.partition(b"|")
        assert body == json_rows.encode("digits_cnn", inputs[row : row + 1])
        assert head == b"Content-Type: application/json;"
    assert made.encode_s > 0
    assert made.request_bytes == pytest.approx(np.mean(made.body_bytes), abs=1)


def test_a_batch_begins_with_each_input_in_turn_and_wraps_around(pool):
    made = make_pool(TARGET, frame, "", 5, pool, first=100)
    outputs = np.load(pool / "golden.npz")["outputs"]
    assert made.first == 100
    np.testing.assert_array_equal(made.expected[30], outputs[[30, 31, 0, 1, 2]])
    body = made.requests[30].partition(b"|")[2]
    assert body == json_rows.encode("digits_cnn", golden_inputs("digits_cnn", pool)[[30, 31, 0, 1, 2]])
