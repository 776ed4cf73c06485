from dataclasses import replace

import pytest

from serveoff.errors import UnknownName
from serveoff.loadtests.loads import Load
from serveoff.measure.plan import plan
from serveoff.measure.plan.plan import find_deployment, make_plan
from serveoff.measure.plan.profiles import PROFILES
from serveoff.measure.plan.variants import parse_variation
from serveoff.measure.plan.visit_schedule import floor_stages
from serveoff.services.registry import read_registry

REGISTRY = read_registry(environ={})
QUICK = PROFILES["quick"]


def names(*patterns):
    return [e.name for e in make_plan(REGISTRY, patterns, QUICK).endpoints]


def test_no_pattern_means_everything():
    assert len(names()) == 17


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
    with pytest.raises(UnknownName, match="no endpoint is called 'nosuch'") as caught:
        names("flask-null", "nosuch")
    assert "flask-null-rest" in caught.value.hint


def test_find_deployment_is_exact():
    assert find_deployment(REGISTRY, "flask-null").format == "null"
    with pytest.raises(UnknownName, match="no deployment is called 'flask'"):
        find_deployment(REGISTRY, "flask")


def test_profiles_fit_their_promised_time():
    assert make_plan(REGISTRY, (), PROFILES["quick"]).total_s < 5 * 60
    assert make_plan(REGISTRY, (), PROFILES["default"]).total_s < 40 * 60


@pytest.mark.parametrize("profile", PROFILES)
def test_the_time_of_a_floor_is_that_of_its_windows(profile):
    plan = make_plan(REGISTRY, ["inprocess-*"], PROFILES[profile])
    for endpoint in plan.endpoints:
        windows_s = sum(stage.duration_s for stage in floor_stages(endpoint, plan.settings))
        assert plan.visit_s(endpoint) == pytest.approx(windows_s)


def test_floors_are_called_with_the_profiles_batches_and_by_the_other_ways_that_their_formats_have():
    plan = make_plan(REGISTRY, ["inprocess-*"], PROFILES["default"])
    loads = {e.name: [stage.load for stage in floor_stages(e, plan.settings)] for e in plan.endpoints}
    assert loads["inprocess-torch-eager"] == [Load(), Load(batch=32)]
    as_served = [Load(payload="as_served"), Load(payload="as_served", batch=32)]
    for format in ("savedmodel", "frozen-graph", "torchscript"):
        assert loads[f"inprocess-{format}"] == [Load(), Load(batch=32), *as_served]
    predict = [Load(payload="keras_predict"), Load(payload="keras_predict", batch=32)]
    assert loads["inprocess-keras-eager"] == [Load(), Load(batch=32), *predict]


def test_a_longer_profile_takes_longer():
    totals = [make_plan(REGISTRY, (), PROFILES[name]).total_s for name in ("quick", "default", "full")]
    assert totals == sorted(totals)
    assert totals[0] < totals[1] < totals[2]


def test_what_may_rank_is_started_again():
    repeated = make_plan(REGISTRY, (), QUICK, [parse_variation("workers=2")]).repeated
    assert len(repeated) == 8
    assert not {d.server for d in repeated} & {"inprocess"}
    assert not [d for d in repeated if d.variant or d.format == "null"]


def test_repeats_of_cold_starts_are_in_the_time_left():
    once = make_plan(REGISTRY, ("flask-torchscript", "flask-null", "inprocess-torchscript"), QUICK)
    profile = QUICK.model_copy(update={"cold_starts": 3})
    more = replace(once, settings=profile)
    (flask,) = more.repeated
    assert once.repeats_s == 0
    assert profile.starts_without_warmup == 1
    assert more.total_s - once.total_s == pytest.approx(3 * more.start_s(flask))
    assert profile.model_copy(update={"cold_without_warmup": False}).starts_without_warmup == 0


def test_repeats_add_at_most_two_and_a_half_minutes_to_the_default_profile():
    assert 60 < make_plan(REGISTRY, (), PROFILES["default"]).repeats_s <= 150


def test_the_default_profile_spends_70_percent_of_its_time_in_warm_up_and_windows(monkeypatch):
    variations = [parse_variation(text) for text in PROFILES["default"].vary]
    planned = make_plan(REGISTRY, (), PROFILES["default"], variations)
    whole_s = planned.total_s
    monkeypatch.setattr(plan, "LOCUST_ESTIMATE_S", 0.0)
    monkeypatch.setattr(plan, "SETTLE_ESTIMATE_S", 0.0)
    starts_s = planned.repeats_s + sum(planned.start_s(deployment) for deployment, _ in planned.deployments)
    assert (planned.total_s - starts_s) / whole_s >= 0.7
