"""Which loads an endpoint has, and in which rounds."""

from dataclasses import replace

import pytest

from serveoff.loadtests.loads import Load, parse_load
from serveoff.measure.plan.loads import BATCH, EACH, FLOOR, SIDE, STAND_IN, VARIANT, Asked, asked_of
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import PROFILES
from serveoff.measure.plan.variants import parse_variation
from serveoff.record.endpoint_results import EndpointResult, Gate
from serveoff.record.problems import Problem, RequestCode
from serveoff.services.registry import read_registry

REGISTRY = read_registry(environ={})
DEFAULT = PROFILES["default"]
BATCHES = DEFAULT.model_copy(update={"batches": [8, 32]})


def loads(pattern, settings=DEFAULT, variations=(), **found):
    """The loads of the last endpoint that the pattern finds, as text, by how often they come."""
    endpoint = make_plan(REGISTRY, [pattern], settings, variations).endpoints[-1]
    names = {"endpoint": "", "deployment": "", "server": "", "format": "", "protocol": "", "payload": ""}
    asked = asked_of(endpoint, EndpointResult(**names, **found), settings)
    return {every: [one.load.text for one in asked if one.every == every] for every in (EACH, VARIANT, FLOOR, SIDE)}


def test_the_fewest_and_the_most_callers_are_raced_and_the_rest_comes_seldom():
    found = loads("flask-tuned-torchscript", BATCHES)
    assert found[EACH] == ["1", "16"]
    assert found[SIDE][0] == "4"
    assert found[BATCH] == ["1x8", "1x32"]
    assert "1/raw_tensor" in found[SIDE]


def test_an_encoding_that_failed_its_gate_and_a_batch_that_is_too_large_are_left_out():
    failed = Gate(passed=False, checked=1, max_abs_error=1.0, top1_agreement=None)
    too_large = Problem(code=RequestCode.TOO_LARGE, text="too large")
    found = loads(
        "flask-tuned-torchscript", BATCHES, encoding_gates={"raw_tensor": failed}, left_out={"1x32": too_large}
    )
    assert "1/raw_tensor" not in found[SIDE]
    assert found[BATCH] == ["1x8"]


def test_a_stand_in_which_never_ranks_is_asked_more_seldom():
    real = make_plan(REGISTRY, ["tfserving-savedmodel"], DEFAULT).endpoints[0]
    stand_in = replace(real, deployment=replace(real.deployment, server="tfserving-embedded"))
    names = {"endpoint": "", "deployment": "", "server": "", "format": "", "protocol": "", "payload": ""}
    both = [asked_of(e, EndpointResult(**names), DEFAULT) for e in (real, stand_in)]
    assert [one.load for one in both[0]] == [one.load for one in both[1]]
    assert [STAND_IN * one.every for one in both[0]] == [one.every for one in both[1]]


def test_floors_have_one_caller_and_every_way_to_call_their_model():
    found = loads("inprocess-keras-eager", BATCHES)
    assert found[FLOOR] == ["1"], "what overhead is measured against"
    assert found[SIDE] == ["1/keras_predict", "1x8", "1/keras_predictx8", "1x32", "1/keras_predictx32"]


def test_the_null_service_is_for_calibration():
    found = loads("flask-tuned-null")
    assert (found[EACH], found[SIDE]) == ([], ["1", "4", "16"])


def test_a_variant_is_set_against_its_base_where_that_is_raced():
    assert loads("flask-tuned-torchscript", variations=[parse_variation("workers=2")])[VARIANT] == ["1", "16"]


@pytest.mark.parametrize(("every", "rounds"), [(1, [1, 2, 3, 4]), (3, [1, 4])])
def test_everything_is_in_the_first_round(every, rounds):
    assert [r for r in range(1, 5) if Asked(Load(), every).in_round(r)] == rounds


def test_a_load_is_read_as_it_is_written():
    assert {parse_load(text).text for text in ("1", "1/raw_tensor", "1x32")} == {"1", "1/raw_tensor", "1x32"}
