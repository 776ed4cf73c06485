import numpy as np
import pytest

from comparison.deployments import read_registry
from comparison.gate import judge, payload_kind
from comparison.plan import PROFILES, make_plan

EXPECTED = np.eye(10, dtype=np.float32)[:8] * 0.9


def test_equal_answers_pass():
    gate = judge(EXPECTED.copy(), EXPECTED)
    assert gate.passed
    assert (gate.checked, gate.max_abs_error, gate.top1_agreement, gate.reason) == (8, 0.0, 1.0, "")


def test_rounding_passes_and_a_real_difference_does_not():
    assert judge(EXPECTED + np.float32(5e-6), EXPECTED).passed
    wrong = EXPECTED.copy()
    wrong[3, 7] += 2e-5
    gate = judge(wrong, EXPECTED)
    assert not gate.passed
    assert gate.reason.startswith("golden input 3: absolute error 2e-05")


def test_another_class_fails_however_small_the_error():
    close = np.array([[0.500001, 0.499999]], np.float32)
    gate = judge(close[:, ::-1].copy(), close)
    assert gate.max_abs_error < 1e-5
    assert not gate.passed
    assert gate.top1_agreement == 0.0


def test_nan_fails():
    wrong = EXPECTED.copy()
    wrong[2, 2] = np.nan
    gate = judge(wrong, EXPECTED)
    assert not gate.passed
    assert gate.max_abs_error is None


def test_another_shape_fails():
    gate = judge(EXPECTED[:, :9], EXPECTED)
    assert not gate.passed
    assert "answers have shape (8, 9)" in gate.reason


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("flask-null-rest", "json"),
        ("torchserve-torchscript-grpc", "bytes"),
        ("tfserving-savedmodel-grpc", "tensor"),
        ("inprocess-torchscript", "array"),
    ],
)
def test_each_endpoint_says_what_its_requests_carry(endpoint, kind):
    plan = make_plan(read_registry(environ={}), [endpoint], PROFILES["quick"])
    assert payload_kind(plan.endpoints[0]) == kind
