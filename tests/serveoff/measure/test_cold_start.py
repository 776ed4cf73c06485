"""Which cold starts are still to be made, as which deployments, and what a log says of one."""

from dataclasses import replace

import pytest

from serveoff.measure.cold_start import BARE, bare, bare_due, next_order
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import PROFILES, run_settings
from serveoff.measure.run_lifecycle import begin
from serveoff.measure.runtimes.containers.engine import Engine
from serveoff.measure.runtimes.docker import run_services
from serveoff.record.startup_phases import read_phases
from serveoff.record.suite import load_suite
from serveoff.services.registry import read_registry
from tests.serveoff.cold_start_runs import add_starts
from tests.serveoff.synthetic import Faults, Scenario, write_run

NAMES = (
    "flask-torchscript-rest",
    "flask-savedmodel-rest",
    "tfserving-embedded-savedmodel-rest",
    "flask-tuned-null-rest",
)
FLASK, OTHER, TENSORFLOW = "flask-torchscript", "flask-savedmodel", "tfserving-embedded-savedmodel"
TWO = PROFILES["quick"].model_copy(update={"bare_starts": 2})


def embedded(deployment):
    name = deployment.name.replace("tfserving-", "tfserving-embedded-")
    return replace(deployment, name=name, server=deployment.server.replace("tfserving", "tfserving-embedded"))


REPEATED = [d for d in map(embedded, read_registry(environ={})) if d.name in (FLASK, OTHER, TENSORFLOW)]


def left(folder, profile=TWO):
    return [deployment.name for deployment in bare_due(load_suite(folder), REPEATED, profile)]


@pytest.fixture
def folder(tmp_path):
    return add_starts(write_run(tmp_path / "run", Scenario(only=NAMES)), 1)


def test_starts_without_warm_up_are_interleaved_and_what_has_none_is_not_started_without(folder):
    assert left(folder) == [OTHER, FLASK, OTHER, FLASK]


def test_they_are_made_only_where_they_are_asked_for(folder):
    assert left(folder, PROFILES["quick"]) == []


def test_a_resumed_run_makes_only_the_starts_it_lacks(tmp_path):
    half = add_starts(write_run(tmp_path / "half", Scenario(only=NAMES)), 2, without=1)
    assert left(half) == [OTHER, FLASK]
    assert left(add_starts(write_run(tmp_path / "whole", Scenario(only=NAMES)), 2, without=2)) == []


def test_what_answers_wrongly_is_not_started_again(tmp_path):
    run = write_run(tmp_path / "run", Scenario(only=NAMES), Faults(gate_failed=["flask-torchscript-rest"]))
    assert FLASK not in left(add_starts(run, 1))


def test_starts_are_numbered_over_the_whole_run(folder):
    suite = load_suite(folder)
    assert sorted(s.order for e in suite.endpoints for s in e.cold_starts) == [1, 2, 3, 4]
    assert next_order(suite) == 5


def test_a_start_without_warm_up_is_the_same_deployment_under_a_name_of_its_own():
    (flask,) = (d for d in REPEATED if d.name == FLASK)
    without = bare(flask, 8)
    assert flask.name != without.name
    assert without.environment == {**flask.environment, "SERVING_WARMUP": "0"}
    assert (without.launcher, without.ports, without.ready) == (flask.launcher, flask.ports, flask.ready)
    variant = replace(
        flask, name=f"{FLASK}.workers-2", service=f"{FLASK}.workers-2", base=FLASK, changes={"WORKERS": "2"}
    )
    assert (bare(variant, 8).base, bare(variant, 8).changes) == (FLASK, {"WORKERS": "2", "WARMUP": "0"})


def test_all_awake_at_once_is_no_place_for_more_starts(model_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_RESULTS", str(tmp_path))
    settings = load_suite(begin(run_settings("full", model="digits_cnn", together=True))).settings
    assert (settings.starts, settings.bare_starts, settings.race) == (1, 0, False)
    assert settings.of_servers["WARMUP"] == "1", "whatever .env says, a start is warm unless it says otherwise"
    assert settings.of_servers["OUT_OF_THE_BOX"] == "0", "and settings are the run's unless a variant says otherwise"


def test_phases_are_read_behind_a_prefix_from_where_this_start_begins_and_of_the_first_worker(tmp_path):
    log = tmp_path / "server.log"
    old = b"serveoff-phase imported 0.100\n"
    log.write_bytes(
        old + b"2026-01-02 [INFO ] W-9000 MODEL_LOG - serveoff-phase imported 1.250\n"
        b"serveoff-phase loaded 2.000\nserveoff-phase loaded 1.900\nno phase 3.0\n"
    )
    assert read_phases(log, len(old)) == {"imported": 1.25, "loaded": 1.9}
    assert read_phases(tmp_path / "none.log") == {}


TENSORFLOW_SERVING = b"""2026-01-02 10:00:00.100000: I serveoff-start
2026-01-02 10:00:00.180000: I external/org_tensorflow/tensorflow/cc/saved_model/reader.cc:83] Reading SavedModel from: /m/1
2026-01-02 10:00:00.350000: I external/org_tensorflow/tensorflow/cc/saved_model/loader.cc:466] SavedModel load for tags { serve }; Status: success: OK. Took 170000 microseconds.
2026-01-02 10:00:00.351000: I tensorflow_serving/servables/tensorflow/saved_model_warmup_util.cc:141] Starting to read warmup data for model at /m/1/assets.extra/tf_serving_warmup_requests
2026-01-02 10:00:00.500000: I tensorflow_serving/servables/tensorflow/saved_model_warmup_util.cc:241] Finished reading warmup data for model at /m/1/assets.extra/tf_serving_warmup_requests. Number of warmup records read: 1.
[warn] getaddrinfo: address family for nodename not supported
2026-01-02 10:00:00.510000: I tensorflow_serving/model_servers/server.cc:430] Exporting HTTP/REST API at:localhost:8501 ...
"""  # noqa: E501


def test_tensorflow_serving_s_own_time_stamps_split_its_start(tmp_path):
    log = tmp_path / "server.log"
    log.write_bytes(TENSORFLOW_SERVING)
    assert read_phases(log) == pytest.approx({"imported": 0.08, "loaded": 0.25, "warmed": 0.4, "listening": 0.41})
    log.write_bytes(TENSORFLOW_SERVING.partition(b"\n")[2])
    assert read_phases(log) == {}, "from when it was started is not known"


def test_containers_have_a_service_for_starts_without_warm_up(folder):
    settings = load_suite(folder).settings
    registry = read_registry(environ={})
    engine = Engine(None, "", is_local=True)
    once = run_services(registry, settings, engine)
    blocks = run_services(registry, settings.model_copy(update={"bare_starts": 2}), engine)
    everything = TWO.model_copy(update={"extra": ["onnx", "torch_export"]})
    contenders = [d.service for d in make_plan(registry, (), everything).repeated]
    assert {name for name in blocks if name not in once} == {f"{name}{BARE}" for name in contenders}
    for deployment in make_plan(registry, ("flask-torchscript",), TWO).repeated:
        block = blocks[bare(deployment, 1).service]
        assert block["environment"]["SERVING_WARMUP"] == "0"
        assert block["restart"] == "no"
        assert block["image"] == "serveoff/flaskrest-torch"
        assert not block["ports"]


def test_containers_have_a_service_for_a_variant_s_starts_without_warm_up(folder):
    settings = load_suite(folder).settings.model_copy(
        update={"bare_starts": 2, "vary": ["workers=2@flask-torchscript"]}
    )
    blocks = run_services(read_registry(environ={}), settings, Engine(None, "", is_local=True))
    (name,) = (
        n for n in blocks if n.startswith("flask-torchscript.") and n.endswith(BARE) and n != f"flask-torchscript{BARE}"
    )
    assert blocks[name]["environment"]["SERVING_WORKERS"] == "2"
    assert blocks[name]["environment"]["SERVING_WARMUP"] == "0"
