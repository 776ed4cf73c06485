"""What a run says beforehand."""

import pytest

from serveoff.measure.plan.outline import outline, total_s
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import run_settings
from serveoff.services.registry import read_registry


def planned(*patterns, **given):
    return make_plan(read_registry(environ={}), patterns, run_settings("default", model="mine", **given))


@pytest.mark.parametrize("given", [{}, {"rounds": 3}])
def test_of_nothing_that_can_be_measured_the_reasons_are_said_and_no_times(given):
    nothing = planned("flask-savedmodel", **given).where(lambda deployment: False)
    said = list(outline(nothing, 10.0, {"savedmodel": "no such operator"}))
    assert said == ["Nothing to measure for mine", "  no savedmodel: no such operator"]
    assert total_s(nothing) == 0.0


def test_who_is_compared_what_is_missing_and_how_long_each_part_takes_have_a_line_each():
    said = list(outline(planned("flask-savedmodel", "flask-tuned-null", rounds=3), 10.0, {"onnx": "no such operator"}))
    assert said[0].startswith("Comparing 1 contender for mine: about ")
    assert said[1:3] == ["  not ranked: 1 null service", "  no onnx: no such operator"]
    assert [line.split(":")[0] for line in said[3:]] == [
        "  starting servers",
        "  3 rounds of 0.1 s slices",
        "  open loop and capacity of the best",
    ]
