"""ONNX' operators in TensorFlow, by ONNX' own conformance cases."""

from collections import Counter

import pytest

pytest.importorskip("onnx")

from tests.models.convert.conformance import cases, judge

pytestmark = pytest.mark.slow
ENOUGH = 600
"""A release of onnx may add cases; fewer than these means that they are not found any more."""


def test_what_is_not_refused_is_right():
    verdicts = {case.name: judge(case) for case in cases()}
    assert [f"{name}: {verdict}" for name, verdict in verdicts.items() if verdict.startswith("wrong")] == []
    assert Counter(verdicts.values())["right"] >= ENOUGH
