"""Four load workers in containers drive servers of a run on this machine."""

from contextlib import contextmanager

import docker
import pytest

from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.models.spec import REPOSITORY, artifacts_root
from tests.command_line import MEASURED, CommandLine
from tests.docker.stack import Stack
from tests.e2e.test_load_workers import DEPLOYMENTS, NO_MORE, SMALL, check

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.long]

WORKERS = 4
LOCUST = ("python", "-I", "-u", "-m", "locust", "-f", "loadtests/locustfile.py", "--worker")


@pytest.fixture(scope="module")
def image(engine):
    """Locust's, which has no framework and no artifact."""
    Stack("serveoff-test-workers").compose("build", "locust")
    return "serveoff/locust"


@contextmanager
def containers(image, host, port):
    """As many workers, each in a container with a network of its own."""
    registry = {str(REPOSITORY / "docker-compose.yml"): {"bind": "/app/docker-compose.yml", "mode": "ro"}}
    command = [*LOCUST, "--master-host", host, "--master-port", port]
    hard = {"read_only": True, "cap_drop": ["ALL"], "tmpfs": {"/tmp": ""}, "init": True}
    client, made = docker.from_env(), []
    try:
        for _ in range(WORKERS):
            made.append(client.containers.run(image, command, detach=True, volumes=registry, **hard))
        yield made
    finally:
        for container in made:
            container.remove(force=True)


def test_four_workers_in_containers_drive_a_whole_run_and_end_with_it(image, model_dir, tmp_path):
    cli, port = CommandLine(tmp_path, artifacts_root()), str(free_port())
    host = docker.from_env().networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    where = ("--master-bind-host", host, "--master-bind-port", port, "--server-host", host)
    with containers(image, host, port) as workers:
        names = {worker.id[:12] for worker in workers}
        done = cli.run("run", *DEPLOYMENTS, *SMALL, *NO_MORE, "--expect-workers", str(WORKERS), *where)
        assert done.returncode in MEASURED, done.stderr
        assert [worker.wait(timeout=30)["StatusCode"] for worker in workers] == [0] * WORKERS
    check(cli, WORKERS)
    drove = {w.worker.rpartition("-")[0] for e in cli.suite.endpoints for s in e.windows for w in s.workers}
    assert drove == names, "a container's name is its host's"
