"""The images, built once, and one stack that the tests of this folder share."""

import os
import subprocess

import pytest

from serveoff.models.spec import REPOSITORY
from tests.docker.stack import Stack, own_ports, server_cpus


def pytest_collection_modifyitems(items):
    """Building and starting the stack is within the first test's time; what stops it comes last."""
    for item in items:
        if item.get_closest_marker("docker") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(1200))
    items.sort(key=lambda item: item.path.name == "test_stop.py")


@pytest.fixture(scope="session")
def engine():
    """A Docker engine that answers, or the test is skipped, loudly."""
    try:
        answer = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"SKIPPED LOUDLY: there is no docker command ({error.strerror})")
    if answer.returncode != 0:
        pytest.skip("SKIPPED LOUDLY: no Docker engine answers")


@pytest.fixture(scope="session")
def images(engine):
    """Every image of the Compose files, built; what the build printed."""
    return Stack("serveoff-test-images").build()


@pytest.fixture(scope="session")
def project(engine):
    """The name of the tests' own project: its models are exported once, for the stack and for comparisons."""
    name = f"serveoff-test-{os.getpid()}"
    yield name
    project = Stack(name)
    project.compose("--profile", "*", "down", "--volumes", "--remove-orphans", check=False)
    assert project.remains() == []


@pytest.fixture(scope="session")
def stack(images, project):
    """The whole stack, up and healthy. Afterwards nothing of it is left."""
    (REPOSITORY / "results").mkdir(exist_ok=True)
    stack = Stack(project, {**own_ports(), "SERVER_CPUS": server_cpus()})
    try:
        started = stack.compose("up", "--no-build", "--wait", "--wait-timeout", "300", check=False)
        assert started.returncode == 0, f"{started.stderr}\n{stack.compose('logs', '--tail', '20').stdout}"
        yield stack
    finally:
        stack.compose("--profile", "*", "down", "--volumes", "--remove-orphans", check=False)
    assert stack.remains() == []
