"""Replicas, CPU and memory for a rate, against arithmetic by hand."""

import shutil
import subprocess
from dataclasses import replace

import pytest
import yaml

from serveoff.analyse.analysis import compare
from serveoff.analyse.decision.serve_with import serve_with
from serveoff.analyse.decision.sizing import sizing
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.studies.capacity import Capacity
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.synthetic import Scenario, write_run

NAME = "flask-torchscript-rest"
CAPACITY = Capacity(NAME, Estimate(450.0, 400.0, 500.0, 9000), "between", (), "", 900.0)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("r") / "run", Scenario(only=(NAME, "flask-keras-eager-rest")))
    add_open_loop(folder, NAME, (300.0, 500.0, 700.0, 900.0, 1100.0, 1300.0))
    return compare(folder)


@pytest.fixture
def entry(comparison):
    found = comparison.entry(NAME)
    return replace(found, result=found.result.model_copy(update={"memory_bytes": 300_000_000}))


def test_a_rate_takes_the_replicas_that_hold_it_and_one_that_may_be_lost(entry):
    found = sizing(entry, [CAPACITY])
    assert found.per_replica == 400.0, "the low end of the interval"
    assert [(rate, found.at(rate).replicas) for rate in (1.0, 400.0, 401.0, 4000.0)] == [
        (1.0, 1 + 1),
        (400.0, 1 + 1),
        (401.0, 2 + 1),
        (4000.0, 10 + 1),
    ]


def test_the_table_has_rates_around_what_one_replica_holds(entry):
    assert [(row.rate, row.replicas) for row in sizing(entry, [CAPACITY]).rows] == [(10, 2), (100, 2), (1000, 4)]


def test_a_million_requests_cost_cpu_and_memory(entry):
    found = sizing(entry, [CAPACITY])
    assert found.cpu_hours_per_million == pytest.approx(1e6 / 900 / 3600)
    row = found.at(1000.0)
    assert row.memory_bytes == 4 * 300_000_000
    assert row.gb_hours_per_million == pytest.approx(4 * 0.3 * (1e6 / 1000) / 3600)


def test_a_capacity_above_all_that_was_tried_is_at_least_that(entry):
    found = sizing(entry, [replace(CAPACITY, rate=Estimate(800.0, None, None, 9000), side="above")])
    assert (found.bound, found.per_replica) == (True, 800.0)


@pytest.mark.parametrize("side", ["below", "none"])
def test_without_a_known_capacity_nothing_is_sized(entry, side):
    assert sizing(entry, [replace(CAPACITY, side=side)]) is None
    assert sizing(entry, []) is None


def test_the_run_s_own_capacity_is_the_one_that_is_sized_by(comparison):
    found = comparison.decision.sizing
    (known,) = (c for c in comparison.capacity if c.endpoint == NAME)
    assert found.capacity == known.rate
    assert found.per_replica == known.rate.low


def test_the_winner_is_served_by_the_run_s_settings(comparison, entry):
    settings = comparison.suite.settings
    assert comparison.decision.serve_with == serve_with(entry, settings)
    assert serve_with(entry, settings).command == "make serve NAME=flask-torchscript MODEL=digits_cnn"
    changed = serve_with(entry, settings.model_copy(update={"workers": 2, "batch_size": 8}))
    assert changed.command == "WORKERS=2 BATCH_SIZE=8 make serve NAME=flask-torchscript MODEL=digits_cnn"


def test_the_compose_file_stands_by_itself_with_the_run_s_settings(comparison, entry):
    settings = comparison.suite.settings.model_copy(update={"workers": 2, "server_cpus": [2, 3]})
    (block,) = yaml.safe_load(serve_with(entry, settings).compose)["services"].values()
    assert block["image"] == "serveoff/flaskrest-torch"
    assert block["command"][-1] == "serveoff.services.flaskapp"
    assert block["environment"]["SERVING_MODEL_DIR"] == "/models/digits_cnn"
    assert (block["environment"]["SERVING_WORKERS"], block["cpuset"]) == ("2", "2,3")
    assert block["ports"] == ["127.0.0.1:8523:8501"]
    assert block["volumes"] == ["./artifacts/digits_cnn:/models/digits_cnn:ro"]
    assert not {"build", "depends_on", "labels"} & block.keys(), "these are the stack's"


@pytest.mark.parametrize("deployment", ["tfserving-savedmodel", "torchserve-torchscript", "flask-keras-eager"])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_file_is_whole_for_every_kind_of_server(comparison, entry, deployment, device):
    named = replace(entry, result=entry.result.model_copy(update={"deployment": deployment}))
    found = serve_with(named, comparison.suite.settings.model_copy(update={"device": device}))
    document = yaml.safe_load(found.compose)
    block = document["services"][deployment]
    assert {"image", "environment", "ports", "volumes"} <= block.keys()
    assert {"command", "entrypoint"} & block.keys()
    assert {used["source"] for used in block.get("configs", [])} == set(document.get("configs", {}))
    assert ("deploy" in block, "docker-compose.gpu.yml" in found.build) == (device == "cuda",) * 2
    assert "${" not in found.compose


def test_a_deployment_that_the_registry_does_not_know_has_no_file(comparison, entry):
    gone = replace(entry, result=entry.result.model_copy(update={"deployment": "flask-gone"}))
    assert serve_with(gone, comparison.suite.settings).compose == ""


def has_compose():
    return (
        shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    )


@pytest.mark.skipif(not has_compose(), reason="no Docker Compose")
def test_docker_compose_accepts_the_file(comparison, tmp_path):
    (tmp_path / "serving.yaml").write_text(comparison.decision.serve_with.compose)
    checked = subprocess.run(
        ["docker", "compose", "-f", "serving.yaml", "config", "--services"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (checked.returncode, checked.stdout.split()) == (0, ["flask-torchscript"]), checked.stderr
