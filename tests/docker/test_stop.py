"""Every container ends by itself on SIGTERM, well before the engine would kill it."""

import docker
import pytest

from serveoff.services.tfserving.launcher import CONFIG
from tests.docker.stack import Stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.slow]

STOPPED = {0, 143, 130}
"""Done, or ended by the signal; 137 would be SIGKILL."""


def code_of_stop(container):
    """The exit code; what did not end within the grace that Compose gives, too, the engine has killed."""
    container.stop(timeout=10)
    container.reload()
    return container.attrs["State"]["ExitCode"]


def is_starting(container):
    """It has used a second of CPU, or needed less and is done."""
    container.reload()
    used_ns = container.stats(stream=False)["cpu_stats"]["cpu_usage"]["total_usage"]
    return used_ns > 1e9 or container.status != "running"


@pytest.mark.parametrize("service", ["inprocess-torchscript", "inprocess-savedmodel"])
def test_floors_stop_although_they_wait_for_commands(stack, service):
    stack.compose("--profile", "floor", "up", "--no-build", "--no-deps", "--detach", service)
    wait_until(lambda: b'"ready"' in stack.container(service).logs())
    assert code_of_stop(stack.container(service)) in STOPPED


@pytest.mark.parametrize("service", ["export", "flask-torchscript", "tfserving-savedmodel", "torchserve-torchscript"])
def test_stop_amid_the_start(stack, service):
    container = stack.container(service)
    container.stop(timeout=10)
    container.start()
    wait_until(lambda: is_starting(container), "it has begun to import")
    code = code_of_stop(container)
    container.start()
    assert code in STOPPED


def test_tensorflow_serving_stops_although_it_has_no_handler_for_sigterm(images, tmp_path):
    """With a program in its place that has none either, and says which flags it was given."""
    service = Stack("serveoff-test-config", files=("docker-compose.yml",)).config()["tfserving-savedmodel"]
    program = tmp_path / "tensorflow_model_server"
    program.write_text('#!/bin/bash\necho "$@"\nwhile true; do sleep 1; done\n')
    program.chmod(0o755)
    container = docker.from_env().containers.run(
        "serveoff/locust",
        entrypoint=service["entrypoint"],
        environment=service["environment"],
        volumes={
            str(program): {"bind": "/usr/local/bin/tensorflow_model_server", "mode": "ro"},
            str(CONFIG): {"bind": "/config", "mode": "ro"},
        },
        detach=True,
    )
    try:
        wait_until(lambda: "--model_base_path=/models/digits_cnn/savedmodel" in container.logs().decode().split())
        code = code_of_stop(container)
    finally:
        container.remove(force=True)
    assert code == 143


def test_every_running_container_stops_within_ten_seconds(stack):
    """The last test of all that share the stack: see conftest."""
    services = {c.labels["com.docker.compose.service"]: c for c in stack.containers() if c.status == "running"}
    assert len(services) >= 11
    for service, container in services.items():
        assert code_of_stop(container) in STOPPED, service
