"""What a run says beforehand."""

import pytest

from serveoff.measure.plan.outline import held_back, outline, total_s
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import run_settings
from serveoff.services.registry import read_registry
from tests.serveoff.measure.fakes import MACHINE


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


def told(cpu_limit, runtime="local"):
    settings = run_settings("quick", model="digits_cnn", runtime=runtime, server_cpus=[0], client_cpus=[1])
    return held_back(settings, MACHINE.model_copy(update={"cpu_limit": cpu_limit}))


@pytest.mark.parametrize(("limit", "runtime"), [(None, "local"), (2.0, "local"), (1.0, "docker")])
def test_a_limit_that_leaves_the_run_its_cores_is_without_a_word(limit, runtime):
    assert told(limit, runtime) == ""


def test_a_lower_one_is_said_with_what_it_does_and_what_can_be_done_in_one_line():
    assert told(0.6).startswith("a CPU limit of 0.6 holds here, and the run uses 2 cores: ")
    assert "throttling pauses; raise it (docker --cpus" in told(0.6)
    assert "\n" not in told(0.6)


def test_servers_in_containers_have_limits_of_their_own():
    assert "the run uses 1 core:" in told(0.6, "docker")
