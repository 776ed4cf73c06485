"""Which cold starts are still to be made, as which deployments, and what a log says of one."""

from dataclasses import replace

import pytest

from serveoff.measure.cold_start import again, due, next_order
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import PROFILES, run_settings
from serveoff.measure.run_lifecycle import begin
from serveoff.measure.runtimes.containers.engine import Engine
from serveoff.measure.runtimes.docker import run_services
from serveoff.record.startup_phases import read_phases
from serveoff.record.suite import load_suite
from serveoff.services.registry import read_registry
from tests.serveoff.cold_start_runs import add_starts, fail_start
from tests.serveoff.synthetic import Faults, Scenario, write_run

NAMES = ("flask-torchscript-rest", "flask-savedmodel-rest", "tfserving-embedded-savedmodel-rest", "flask-null-rest")
FLASK, OTHER, TENSORFLOW = "flask-torchscript", "flask-savedmodel", "tfserving-embedded-savedmodel"
THREE = PROFILES["quick"].model_copy(update={"cold_starts": 3})


def embedded(deployment):
    name = deployment.name.replace("tfserving-", "tfserving-embedded-")
    return replace(deployment, name=name, server=deployment.server.replace("tfserving", "tfserving-embedded"))


REPEATED = [d for d in map(embedded, read_registry(environ={})) if d.name in (FLASK, OTHER, TENSORFLOW)]


def left(folder, profile=THREE):
    return [(deployment.name, warmup) for deployment, warmup in due(load_suite(folder), REPEATED, profile)]


@pytest.fixture
def folder(tmp_path):
    return add_starts(write_run(tmp_path / "run", Scenario(only=NAMES, window_s=0.1)), 1)


def test_repeats_are_interleaved_and_what_has_no_warm_up_is_not_started_without(folder):
    assert left(folder) == [
        *((TENSORFLOW, True), (OTHER, True), (FLASK, True)),
        *((TENSORFLOW, True), (OTHER, False), (FLASK, False)),
        *((OTHER, True), (FLASK, True)),
    ]


def test_one_start_asks_for_no_more(folder):
    assert left(folder, PROFILES["quick"]) == []


def test_starts_without_warm_up_can_be_left_out(folder):
    assert {warmup for _, warmup in left(folder, THREE.model_copy(update={"cold_without_warmup": False}))} == {True}


def test_a_resumed_run_makes_only_the_starts_it_lacks(tmp_path):
    whole = add_starts(write_run(tmp_path / "whole", Scenario(only=NAMES, window_s=0.1)), 3, without=1)
    assert left(whole) == []
    half = add_starts(write_run(tmp_path / "half", Scenario(only=NAMES, window_s=0.1)), 2, without=0)
    assert left(half) == [(TENSORFLOW, True), (OTHER, True), (FLASK, True), (OTHER, False), (FLASK, False)]


def test_a_start_that_failed_is_not_tried_for_ever(folder):
    before = left(folder).count((FLASK, True))
    fail_start(folder, FLASK, "flask-torchscript ended (exit code 1) before it could open its port")
    assert left(folder).count((FLASK, True)) == before - 1


def test_what_answers_wrongly_is_not_started_again(tmp_path):
    run = write_run(
        tmp_path / "run", Scenario(only=NAMES, window_s=0.1), Faults(gate_failed=["flask-torchscript-rest"])
    )
    assert FLASK not in {name for name, _ in left(add_starts(run, 1))}


def test_a_run_from_before_there_were_repeats_is_left_alone(tmp_path):
    assert left(write_run(tmp_path / "run", Scenario(only=NAMES, window_s=0.1))) == []


def test_starts_are_numbered_over_the_whole_run(folder):
    suite = load_suite(folder)
    assert sorted(s.order for e in suite.endpoints for s in e.cold_starts) == [1, 2, 3, 4]
    assert next_order(suite) == 5


def test_a_repeat_is_the_same_deployment_under_a_name_of_its_own():
    (flask,) = (d for d in REPEATED if d.name == FLASK)
    same, without = again(flask, 7, True), again(flask, 8, False)
    assert len({flask.name, same.name, without.name}) == 3
    assert same.environment == flask.environment
    assert without.environment == {**flask.environment, "SERVING_WARMUP": "0"}
    assert (same.launcher, same.ports, same.ready) == (flask.launcher, flask.ports, flask.ready)


@pytest.mark.parametrize(("together", "starts"), [(False, 3), (True, 1)])
def test_a_run_keeps_what_was_asked_and_all_awake_at_once_is_no_place_for_repeats(
    model_dir, tmp_path, monkeypatch, together, starts
):
    monkeypatch.setenv("SERVEOFF_RESULTS", str(tmp_path))
    asked = run_settings("quick", model="digits_cnn", cold_starts=3, together=together)
    settings = load_suite(begin(asked)).settings
    assert (settings.cold_starts, settings.cold_without_warmup) == (starts, True)
    assert settings.of_servers["WARMUP"] == "1", "whatever .env says, a start is warm unless it says otherwise"


def test_phases_are_read_behind_a_prefix_from_where_this_start_begins_and_of_the_first_worker(tmp_path):
    log = tmp_path / "server.log"
    old = b"serveoff-phase imported 0.100\n"
    log.write_bytes(
        old + b"2026-01-02 [INFO ] W-9000 MODEL_LOG - serveoff-phase imported 1.250\n"
        b"serveoff-phase loaded 2.000\nserveoff-phase loaded 1.900\nno phase 3.0\n"
    )
    assert read_phases(log, len(old)) == {"imported": 1.25, "loaded": 1.9}
    assert read_phases(tmp_path / "none.log") == {}


def test_containers_have_a_service_for_repeats_with_and_without_warm_up(folder):
    settings = load_suite(folder).settings
    registry = read_registry(environ={})
    engine = Engine(None, "", is_local=True)
    once = run_services(registry, settings, engine)
    blocks = run_services(registry, settings.model_copy(update={"cold_starts": 3}), engine)
    added = {name for name in blocks if name not in once}
    contenders = [d.service for d in make_plan(registry, (), THREE).repeated]
    assert added == {f"{name}{suffix}" for name in contenders for suffix in (".start", ".start-without-warmup")}
    for deployment in make_plan(registry, ("flask-torchscript",), THREE).repeated:
        for warmup, value in ((True, "1"), (False, "0")):
            block = blocks[again(deployment, 1, warmup).service]
            assert block["environment"]["SERVING_WARMUP"] == value
            assert block["restart"] == "no"
            assert block["image"] == "serveoff/flaskrest-torch"
            assert not block["ports"]
