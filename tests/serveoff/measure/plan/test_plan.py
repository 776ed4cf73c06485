import pytest

from serveoff.errors import UnknownName
from serveoff.measure.plan.outline import outline, round_s, total_s
from serveoff.measure.plan.plan import find_deployment, make_plan
from serveoff.measure.plan.profiles import PROFILES, run_settings
from serveoff.measure.plan.variants import parse_variation
from serveoff.services.registry import read_registry

REGISTRY = read_registry(environ={})
QUICK = PROFILES["quick"]


def names(*patterns):
    return [e.name for e in make_plan(REGISTRY, patterns, QUICK).endpoints]


def test_no_pattern_means_everything():
    assert len(names()) == 20


def test_further_formats_are_measured_where_they_are_asked_for():
    def formats(*patterns, extra=()):
        settings = QUICK.model_copy(update={"extra": list(extra)})
        return {e.deployment.format for e in make_plan(REGISTRY, patterns, settings).endpoints}

    assert not {"onnx", "torch_export"} & (formats() | formats("flask-*"))
    assert formats(extra=["onnx"]) == {*formats(), "onnx"}
    assert formats("flask-*", extra=["torch_export"]) == {*formats("flask-*"), "torch_export"}
    assert formats("flask-tuned-onnx-rest") == formats("*-onnx*") == {"onnx"}, "what nothing else is called is meant"


def test_a_deployment_brings_all_its_endpoints():
    assert names("torchserve-torchscript") == ["torchserve-torchscript-rest", "torchserve-torchscript-grpc"]


def test_patterns_choose_endpoints():
    assert names("*-grpc") == [
        "tfserving-savedmodel-grpc",
        "tfserving-frozen-graph-grpc",
        "torchserve-torchscript-grpc",
    ]


def test_a_stand_in_is_found_by_the_name_that_reports_use():
    assert names("tfserving-embedded-savedmodel-rest") == ["tfserving-savedmodel-rest"]


def test_a_stand_in_of_an_override_is_found_by_either_name():
    registry = read_registry(environ={"COMPOSE_FILE": "docker-compose.yml:docker-compose.embedded.yml"})
    for pattern in ("tfserving-savedmodel", "tfserving-embedded-savedmodel", "tfserving-*savedmodel"):
        chosen = [e.name for e in make_plan(registry, [pattern], QUICK).endpoints]
        assert chosen == ["tfserving-embedded-savedmodel-rest", "tfserving-embedded-savedmodel-grpc"]


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(UnknownName, match="no deployment or endpoint is called 'nosuch'") as caught:
        names("flask-tuned-null", "nosuch")
    assert "flask-tuned-null-rest" in caught.value.hint


def test_find_deployment_is_exact():
    assert find_deployment(REGISTRY, "flask-tuned-null").format == "null"
    with pytest.raises(UnknownName, match="no deployment is called 'flask'"):
        find_deployment(REGISTRY, "flask")


def test_a_run_takes_as_long_as_it_is_given():
    assert [total_s(make_plan(REGISTRY, (), PROFILES[name])) / 60 for name in ("quick", "default", "full")] == [
        3,
        10,
        60,
    ]


def test_the_outline_says_what_is_done_and_how_long_each_part_takes():
    lines = list(outline(make_plan(REGISTRY, (), run_settings("default", model="digits_cnn")), 60.0, {}))
    assert lines[0] == "Comparing 14 contenders for digits_cnn: about 10.0 min"
    assert lines[1] == "  not ranked: 5 bare models, 1 null service"
    assert lines[2].endswith("(11 deployments, 3 starts each)")
    assert [line.split()[0] for line in lines[2:]] == ["starting", "about", "open"]
    assert "rounds of 0.1 s slices" in lines[3]


@pytest.mark.parametrize(("minutes", "starts"), [(3, "1 start"), (10, "3 starts"), (60, "up to 8 starts")])
def test_the_outline_says_how_many_starts_there_is_time_for(minutes, starts):
    settings = run_settings("default", model="m", minutes=minutes)
    lines = list(outline(make_plan(REGISTRY, (), settings), 60.0, {}))
    assert lines[2].endswith(f"(11 deployments, {starts} each)")


def test_the_outline_promises_about_as_many_rounds_as_two_cores_made():
    """Of ten contenders, five floors, the null and the stand-in: 33 rounds in 208 seconds."""
    registry = read_registry(environ={"COMPOSE_FILE": "docker-compose.yml:docker-compose.embedded.yml"})
    plan = make_plan(registry, (), run_settings("default", model="digits_cnn"))
    assert round_s(plan) == pytest.approx(208 / 33, rel=0.25)


def test_the_outline_says_what_is_missing():
    registry = read_registry(environ={"COMPOSE_FILE": "docker-compose.yml:docker-compose.embedded.yml"})
    plan = make_plan(registry, (), run_settings("quick", model="mine"))
    lines = list(outline(plan, 0.0, {"torchscript": "the model has an operator that cannot be traced"}))
    assert lines[0] == "Comparing 10 contenders for mine: about 3.0 min"
    assert lines[1] == "  not ranked: 4 stand-in endpoints, 5 bare models, 1 null service"
    assert lines[2] == "  TensorFlow Serving is not here: its stand-in is measured and not ranked"
    assert lines[3] == "  no torchscript: the model has an operator that cannot be traced"


def test_a_number_of_rounds_is_not_bound_to_a_time():
    settings = run_settings("quick", model="", rounds=3)
    rounds = list(outline(make_plan(REGISTRY, ("flask-tuned-null",), settings), 0.0, {}))[-1]
    assert rounds.startswith("  3 rounds of 0.1 s slices: about")


def test_one_of_a_thing_is_no_more_than_one():
    lines = list(outline(make_plan(REGISTRY, ("flask-torchscript",), run_settings("quick", model="m")), 0.0, {}))
    assert lines[0].startswith("Comparing 1 contender for m")
    assert "(1 deployment, 3 starts each)" in lines[1]


@pytest.mark.parametrize(
    ("names", "starts"), [((), "1 start"), (("flask-torchscript", "flask-savedmodel"), "3 starts")]
)
def test_a_quick_run_of_a_few_starts_each_more_than_once(names, starts):
    settings = run_settings("default", model="m", minutes=2.0)
    (said,) = (line for line in outline(make_plan(REGISTRY, names, settings), 0.0, {}) if "starting servers" in line)
    assert said.endswith(f"{starts} each)")


def test_what_may_rank_is_started_again():
    repeated = make_plan(REGISTRY, (), QUICK).repeated
    assert len(repeated) == 11
    assert not {d.server for d in repeated} & {"inprocess"}
    assert not [d for d in repeated if d.format == "null"]


def test_variants_are_started_as_often_as_what_they_are_set_against():
    repeated = make_plan(REGISTRY, ("flask-torchscript",), QUICK, [parse_variation("workers=2")]).repeated
    assert [d.variant for d in repeated] == ["", "workers=2"]
