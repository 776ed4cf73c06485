"""Comparisons through real containers: the whole of it, and what goes wrong in real life."""

import json
import signal

import docker
import numpy as np
import pyarrow.compute as pc
import pytest

from serveoff.measure.runtimes.containers.compose import PROJECT_LABEL, SERVICE_LABEL
from serveoff.measure.runtimes.containers.stack import LOCUST
from serveoff.models.agreement import compare
from serveoff.models.golden import read_golden
from serveoff.models.spec import artifacts_root
from serveoff.models.tensors import rows_of
from serveoff.record.raw_rows import read_run_rows
from serveoff.services.registry import read_registry
from tests.command_line import MEASURED, CommandLine
from tests.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(900)]

WHOLE = ("--runtime", "docker", "--profile", "quick", "--warmup", "0.2")
SMALL = (*WHOLE, "--concurrency", "1,4", "--rounds", "4")
ONE_OF_EACH = (
    "flask-torchscript", "flask-savedmodel", "flask-tuned-null", "tfserving-savedmodel", "torchserve-torchscript",
    "inprocess-torch-eager", "inprocess-savedmodel",
)  # fmt: skip
MORE_LABELS = """{serving.server: flask-tuned, serving.format: "null", serving.model: digits_cnn,
    serving.protocols: rest, serving.launcher: serveoff.services.flaskrest, serving.port.rest: "8501",
    serving.ready: rest/readyz}"""


@pytest.fixture(scope="module")
def client(images):
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
def cli(tmp_path, project, client):
    made = CommandLine(tmp_path, artifacts_root(), settings={"COMPOSE_PROJECT_NAME": project})
    yield made
    assert made.processes() == []
    assert left_of_runs(client, project) == []


@pytest.fixture(scope="module")
def finished(tmp_path_factory, project, images):
    """A comparison of one round, which has a slice of everything: a deployment of each server, and of each image."""
    folder = tmp_path_factory.mktemp("run")
    made = CommandLine(folder, artifacts_root(), settings={"COMPOSE_PROJECT_NAME": project})
    result = made.run("run", *ONE_OF_EACH, *WHOLE, "--rounds", "1", timeout=840)
    assert result.returncode in MEASURED, result.stderr
    return made


def left_of_runs(client, project):
    """Containers, networks and volumes of the projects that runs and their preparations make for themselves."""
    found = [*client.containers.list(all=True, ignore_removed=True), *client.networks.list(), *client.volumes.list()]
    labels = [(thing.attrs.get("Labels") or thing.attrs.get("Config", {}).get("Labels") or {}) for thing in found]
    projects = [label.get(PROJECT_LABEL, "") for label in labels]
    return [name for name in projects if name.startswith(f"{project}-")]


def container_of(client, project, service):
    """The running container of one service of a run."""
    found = client.containers.list(filters={"label": f"{SERVICE_LABEL}={service}"}, ignore_removed=True)
    return next(c for c in found if c.labels[PROJECT_LABEL].startswith(f"{project}-"))


def generators(container):
    """The load generators that run in a container."""
    return [columns for columns in container.top()["Processes"] if "--commands" in columns[-1]]


def measured(cli):
    """Slices that are on disk."""
    return [line for path in cli.folder.glob("results/*/slices.jsonl") for line in path.read_text().splitlines()]


def test_every_server_is_measured_and_none_is_called_what_it_is_not(finished):
    suite = finished.suite
    endpoints = sum(len(d.protocols) for d in read_registry(environ={}) if d.service in ONE_OF_EACH)
    assert suite.complete
    assert len(suite.endpoints) == endpoints
    calls = {e.endpoint: 1 if e.format == "torch_eager" else 2 for e in suite.endpoints if e.protocol == "call"}
    users = {e.endpoint: 3 for e in suite.endpoints}
    assert {e.endpoint: len(e.windows) for e in suite.endpoints} == users | calls
    assert [w.problems for e in suite.endpoints for w in e.windows if w.problems] == []
    assert suite.settings.runtime == "docker"
    assert suite.settings.load_from == "container"
    assert suite.environment.engine.startswith("Docker ")
    report = next((finished.folder / "reports").rglob("report.json"))
    assert {e["result"]["server"] for e in json.loads(report.read_text())["entries"]} == {
        "tfserving-embedded",
        "torchserve",
        "flask",
        "flask-tuned",
        "inprocess",
    }
    assert {path.suffix for path in report.parent.iterdir()} == {".html", ".md", ".csv", ".json"}


def test_local_and_docker_agree_on_every_answer(finished, model_dir):
    """Every live endpoint agreed with the container's golden outputs; those are the local ones, too."""
    inside = read_golden(finished.folder / "state" / "containers" / "digits_cnn")
    here = read_golden(model_dir)
    np.testing.assert_array_equal(inside.inputs["image"], here.inputs["image"])
    assert not compare(inside.outputs, here.outputs).wrong.any()
    for endpoint in finished.suite.endpoints:
        assert endpoint.gate.passed
        assert endpoint.gate.checked == rows_of(here.inputs)
        assert sum(w.answers_checked for w in endpoint.windows) > 0
        assert sum(w.wrong_answers + w.errors for w in endpoint.windows) == 0


def test_limits_are_what_was_asked_for_as_seen_from_inside(finished):
    suite = finished.suite
    for endpoint in suite.endpoints:
        container = endpoint.container
        assert container.problems == []
        assert container.cpus == suite.settings.server_cpus
        assert container.memory_limit_bytes == 4 * 2**30
        assert container.user_id == 10001
        assert container.capabilities == 0
        assert container.no_new_privileges
        assert container.read_only_root
        assert container.image_digest.startswith("sha256:")
        assert container.image_bytes > 100e6
        assert endpoint.device == "cpu"


def test_cold_start_and_usage_are_the_engine_s(finished):
    for endpoint in finished.suite.endpoints:
        cold_start = endpoint.cold_start
        assert 0 < cold_start.create_s < 60
        if endpoint.protocol == "call":
            assert cold_start.ready_s == cold_start.first_answer_s
            continue
        assert 0 < cold_start.start_s < cold_start.port_open_s < cold_start.ready_s < cold_start.first_answer_s
        assert 20e6 < endpoint.memory_bytes < 4 * 2**30
        for window in endpoint.windows:
            assert 0 < window.server_cpu_s < 2 * window.duration_s
            assert window.server_network_in_bytes > window.requests * endpoint.request_bytes * 0.8
            assert window.server_network_out_bytes > 0
            assert window.server_throttled_s == 0


def test_rows_of_every_slice_came_out_of_the_container(finished):
    rows = read_run_rows(finished.run_folder).filter(pc.field("measured"))
    counted = dict(zip(*(column.to_pylist() for column in rows.column("slice").value_counts().flatten()), strict=True))
    assert counted == {w.number: w.requests for e in finished.suite.endpoints for w in e.windows}


def test_a_container_killed_amid_a_run_is_an_invalid_row_and_the_run_goes_on(cli, client, project):
    process = cli.start("run", "flask-torch-eager", "flask-torchscript", *SMALL, "--rounds", "10")
    cli.wait_until(lambda: measured(cli), process)
    container_of(client, project, "flask-torchscript").kill()
    _, err = process.communicate(timeout=200)
    assert process.returncode in MEASURED, err
    killed, other = cli.suite.endpoint("flask-torchscript-rest"), cli.suite.endpoint("flask-torch-eager-rest")
    assert any("the server ended" in p.text and "SIGKILL" in p.text for w in killed.windows for p in w.problems)
    assert len(other.windows) == 20
    assert all(not w.problems and w.requests for w in other.windows)
    report = next((cli.folder / "reports").rglob("report.md")).read_text()
    assert "INVALID" in report


def test_out_of_memory_is_told_with_the_setting_to_raise(cli, tmp_path):
    greedy = tmp_path / "greedy.yml"
    greedy.write_text("""services: {flask-tuned-null: {command: [python, -c, "held = b'x' * 10**9"]}}""")
    cli.settings = {**cli.settings, "COMPOSE_FILE": f"docker-compose.yml:{greedy}", "SERVER_MEMORY": "128m"}
    result = cli.run("run", "flask-tuned-null", *SMALL)
    assert result.returncode == 7, result.stderr
    unavailable = cli.suite.endpoint("flask-tuned-null-rest").unavailable.text
    assert "out of memory: killed at its limit of 0.125 GiB; raise SERVER_MEMORY in .env" in unavailable


def test_ctrl_c_removes_what_the_run_started_and_nothing_else_and_resume_finishes_it(cli, client, project):
    theirs = client.containers.run(
        "python:3.11-slim-bookworm", ["python", "-c", "import time; time.sleep(600)"], detach=True,
        labels={PROJECT_LABEL: project, SERVICE_LABEL: "flask-tuned-null"},
    )  # fmt: skip
    try:
        process = cli.start("run", "flask-tuned-null", "inprocess-torchscript", *SMALL, "--rounds", "7")
        cli.wait_until(lambda: measured(cli), process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert "serveoff run --resume" in err
        assert "Traceback" not in err
        assert left_of_runs(client, project) == []
        theirs.reload()
        assert theirs.status == "running"
    finally:
        theirs.remove(force=True)
    assert not cli.suite.complete
    assert "partial" in next((cli.folder / "reports").rglob("report.md")).read_text().lower()
    result = cli.run("run", "--resume", "latest")
    assert result.returncode in MEASURED, result.stderr
    assert cli.suite.complete
    windows = sorted((w.round, w.concurrency) for w in cli.suite.endpoint("flask-tuned-null-rest").windows)
    assert windows == [(1, 1), (1, 4), (7, 1), (7, 4)]


def test_a_killed_run_leaves_no_load_and_the_next_removes_its_containers(cli, client, project):
    """Also those that were frozen without the engine's knowledge."""
    process = cli.start("run", "flask-tuned-null", "flask-torchscript", *SMALL, "--rounds", "1000")
    cli.wait_until(lambda: measured(cli), process)
    locust = container_of(client, project, LOCUST)
    assert generators(locust)
    process.kill()
    process.communicate()
    wait_until(lambda: not generators(locust), "the load generator has ended")
    assert left_of_runs(client, project)
    result = cli.run("run", "flask-tuned-null", *SMALL, "--rounds", "1")
    assert result.returncode in MEASURED, result.stderr
    assert "removed leftovers of a killed run" in result.stderr
    assert "containers: 3" in result.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    "words",
    [
        ("start", "--attach"),
        *(pytest.param(words, marks=pytest.mark.long) for words in (("compose", "build"), ("compose", "up"))),
    ],
)
def test_ctrl_c_while_images_are_built_or_the_model_is_exported_leaves_nothing(cli, client, project, words):
    process = cli.start("run", "flask-tuned-null", *SMALL)
    cli.wait_until(lambda: cli.running(*words), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert left_of_runs(client, project) == []


def test_load_from_the_host_with_all_awake_together(cli):
    result = cli.run("run", "flask-tuned-null", "flask-torchscript", *SMALL, "--load-from", "host", "--together")
    assert result.returncode in MEASURED, result.stderr
    assert (cli.suite.settings.load_from, cli.suite.settings.together) == ("host", True)
    assert all(w.requests and not w.problems for e in cli.suite.endpoints for w in e.windows)


def test_an_image_that_cannot_be_had_is_named(cli, tmp_path):
    extra = tmp_path / "extra.yml"
    extra.write_text("services: {more: {image: 'serveoff/nosuch:1', labels: " + MORE_LABELS + "}}")
    cli.settings = {**cli.settings, "COMPOSE_FILE": f"docker-compose.yml:{extra}"}
    result = cli.run("run", "more", *SMALL)
    assert result.returncode == 8, result.stderr
    assert "image serveoff/nosuch:1 of more is missing" in result.stderr.replace("\n", " ")
    assert "docker pull" in result.stderr
