"""Locust in its container, by hand: its page, its command line, and the rows that both leave."""

import re
import time

import docker
import pytest

from serveoff.services.registry import read_registry
from tests.docker.pages import Page, rows_of
from tests.loadtests.rows import read_rows

pytestmark = [pytest.mark.docker, pytest.mark.slow]

STAND_IN, TORCHSERVE = "tfserving-embedded-savedmodel-grpc", "torchserve-torchscript-grpc"


@pytest.fixture(scope="module")
def page(stack):
    return Page(stack.variables["LOCUST_PORT"])


def test_the_page_offers_every_endpoint_of_the_stack_under_its_own_name(stack, page):
    served = [d for d in read_registry(environ=stack.environ) if not d.extra]
    names = {e.name for d in served for e in d.endpoints if e.protocol != "call"}
    assert set(page.choices()) == names
    assert STAND_IN in names


@pytest.mark.parametrize("endpoint", ["flask-tuned-null-rest", STAND_IN])
def test_a_test_from_the_page_is_answered_checked_and_leaves_rows(stack, page, tmp_path, endpoint):
    began = time.time()
    counts = page.test(endpoint, users=4)
    assert counts["num_requests"] >= 20
    assert counts["num_failures"] == 0
    newest = [path for path in rows_of(stack, "locust", tmp_path) if path.name.startswith(endpoint)][-1]
    rows = read_rows(newest).to_pylist()
    assert {row["status"] for row in rows} == {200}
    assert all(began < row["start_s"] < time.time() for row in rows), "a container has this machine's clock"


@pytest.mark.parametrize("endpoint", ["torchserve-torchscript-rest", TORCHSERVE])
def test_its_command_line_measures_from_inside_the_network(stack, endpoint):
    options = ["--headless", "--endpoint", endpoint, "--users", "4", "-r", "4", "--run-time", "1s"]
    done = stack.compose("exec", "-T", "locust", "locust", *options)
    requests = re.findall(r"Aggregated +(\d+) +0\(0\.00%\)", done.stdout + done.stderr)
    assert int(requests[-1]) > 0, "a wrong answer would be a failure"


def test_what_is_not_there_is_told_with_the_next_step_of_this_place(stack):
    refused = stack.compose("exec", "-T", "locust", "locust", "--headless", "--endpoint", "nonsense", check=False)
    assert refused.returncode == 2
    assert "running now: tfserving-embedded-savedmodel-rest" in refused.stderr
    assert "docker compose up --wait" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_test_under_way_does_not_keep_it_from_stopping(stack, page):
    """Its rows are written, and it comes back as it was."""
    endpoint = "flask-torch-eager-rest"
    container = stack.container("locust")
    assert page.test(endpoint, users=2)["num_requests"] >= 20
    docker.from_env().containers.get(container.id).stop(timeout=10)
    container.reload()
    assert container.attrs["State"]["ExitCode"] in (0, 143), "137: it was killed after ten seconds"
    stack.compose("up", "--no-build", "--no-deps", "--wait", "locust")
