from dataclasses import replace

import numpy as np
import pytest

from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.payloads import json_rows
from serveoff.loadtests.pools import make_pool
from serveoff.loadtests.samples import expected_outputs, golden_inputs
from serveoff.models.tensors import take
from tests.loadtests.payloads.models import DIGITS

TARGET = Target(
    "flask-torchscript-rest", "rest", "127.0.0.1", 8501, "digits_cnn", "torchscript", "/v1/models/digits_cnn:predict"
)


def frame(target, body, headers):
    """As a protocol's user would; importing one would patch the standard library of this process."""
    return "".join(f"{name}: {value};" for name, value in headers.items()).encode() + b"|" + body


def test_every_golden_input_is_one_framed_request(pool):
    made = make_pool(TARGET, frame, "", 1, pool)
    inputs = golden_inputs("digits_cnn", pool)
    assert len(made.requests) == 32
    for row, request in enumerate(made.requests):
        head, _, body = request.partition(b"|")
        assert body == json_rows.encode(DIGITS, take(inputs, slice(row, row + 1)))
        assert head == b"Content-Type: application/json;"
    assert made.headers == [{"Content-Type": "application/json"}] * 32
    assert made.encode_s > 0
    assert made.request_bytes == pytest.approx(np.mean(made.body_bytes), abs=1)


def test_a_batch_begins_with_each_input_in_turn_and_wraps_around(pool):
    made = make_pool(TARGET, frame, "", 5, pool)
    outputs = expected_outputs("digits_cnn", "torchscript", pool)["probabilities"]
    np.testing.assert_array_equal(made.expected[30]["probabilities"], outputs[[30, 31, 0, 1, 2]])
    body = made.requests[30].partition(b"|")[2]
    assert body == json_rows.encode(DIGITS, take(golden_inputs("digits_cnn", pool), [30, 31, 0, 1, 2]))


def test_large_requests_are_fewer_and_begin_evenly_apart(pool):
    one = make_pool(TARGET, frame, "raw_tensor", 1, pool).body_bytes[0]
    made = make_pool(TARGET, frame, "raw_tensor", 1, pool, most_bytes=4 * one + 1)
    inputs = golden_inputs("digits_cnn", pool)["image"]
    assert [request.partition(b"|")[2] for request in made.requests] == [inputs[n].tobytes() for n in (0, 8, 16, 24)]
    assert sum(made.body_bytes) <= 4 * one + 1
    np.testing.assert_array_equal(
        np.concatenate([e["probabilities"] for e in made.expected]),
        expected_outputs("digits_cnn", "torchscript", pool)["probabilities"][::8],
    )


def test_a_request_beyond_all_bounds_is_still_one(pool):
    assert len(make_pool(TARGET, frame, "", 32, pool, most_bytes=10).requests) == 1


def test_a_model_of_two_inputs_is_found_by_the_manifest_beside_its_inputs(two_inputs):
    made = make_pool(replace(TARGET, model="m"), frame, "raw_tensor", 2, two_inputs)
    head, _, body = made.requests[1].partition(b"|")
    inputs = golden_inputs("m", two_inputs)
    assert b"X-Tensor-Shape: image=2,2,2,1;age=2;" in head
    assert body == inputs["image"][[1, 0]].tobytes() + inputs["age"][[1, 0]].tobytes()
    assert set(made.expected[1]) == {"scores", "known"}


@pytest.mark.parametrize(
    ("numbers", "seen", "most"),
    [
        (10, 0, 16 << 20),
        (10, 5 << 20, 20 << 20),
        (1 << 20, 0, 128 << 20),
        (1 << 20, 33 << 20, 132 << 20),
        (1 << 24, 0, 1 << 30),
    ],
)
def test_an_answer_may_have_four_times_the_bytes_of_the_right_one(pool, numbers, seen, most):
    made = make_pool(TARGET, frame, "", 1, pool)
    made = replace(made, expected=[{"y": np.empty((1, 1))}, {"y": np.empty((1, numbers))}], answer_bytes=seen)
    assert made.most_answer_bytes == most
