"""Several load generators in containers, under one page."""

import docker
import pytest

from tests.docker.pages import Page, rows_of
from tests.loadtests.rows import read_rows
from tests.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.slow]

WORKERS = 2
ALIKE = ("ReadonlyRootfs", "CapDrop", "SecurityOpt", "Tmpfs", "Memory", "CpusetCpus", "LogConfig", "RestartPolicy")


@pytest.fixture(scope="module")
def distributed(stack):
    """A master and its workers beside the stack's servers."""
    up = ("up", "--no-build", "--no-deps", "--wait", "--scale", f"locust-worker={WORKERS}")
    stack.compose("--profile", "distributed", *up, "locust-master", "locust-worker")
    yield stack
    stack.compose("--profile", "distributed", "rm", "--force", "--stop", "locust-master", "locust-worker")


@pytest.fixture(scope="module")
def page(distributed):
    return Page(distributed.variables["LOCUST_MASTER_PORT"])


def test_they_are_as_hardened_and_limited_as_locust_is(distributed):
    locust = distributed.container("locust").attrs
    assert len(distributed.containers("locust-worker")) == WORKERS
    for container in (*distributed.containers("locust-worker"), *distributed.containers("locust-master")):
        assert {name: container.attrs["HostConfig"][name] for name in ALIKE} == {
            name: locust["HostConfig"][name] for name in ALIKE
        }
        assert container.attrs["Config"]["User"] == locust["Config"]["User"] == "10001:10001"
        assert container.attrs["State"]["Health"]["Status"] == "healthy"
    assert not any(c.attrs["HostConfig"]["PortBindings"] for c in distributed.containers("locust-worker"))


def test_rows_of_all_workers_end_in_one_place(distributed, page, tmp_path):
    page.wait_for_workers(WORKERS, seconds=20)
    counts = page.test("torchserve-torchscript-grpc", users=4)
    assert counts["num_requests"] > 0
    assert counts["num_failures"] == 0
    written = [path for path in rows_of(distributed, "locust", tmp_path) if ".worker-" in path.name]
    assert len(written) == WORKERS
    begins, ends = zip(*((min(s), max(s)) for s in (read_rows(p)["start_s"].to_pylist() for p in written)), strict=True)
    assert max(begins) < min(ends), "all workers sent requests at the same time, by one clock"
    assert "rows: " in distributed.compose("logs", "locust-master").stdout


def test_workers_come_back_to_a_master_that_was_killed(distributed, page):
    page.wait_for_workers(WORKERS, seconds=20)
    master = distributed.container("locust-master")
    master.kill()
    master.start()
    page.wait_for_workers(WORKERS, seconds=40)
    assert page.test("flask-tuned-null-rest", users=1)["num_failures"] == 0


def test_a_worker_without_a_master_stops_all_the_same(distributed):
    worker = distributed.container("locust-worker")
    before = started_at(worker)
    docker.from_env().containers.get(distributed.container("locust-master").id).stop(timeout=20)
    wait_until(lambda: started_at(worker) != before, "it was told to quit, and was started again")
    worker.stop(timeout=10)
    worker.reload()
    assert worker.attrs["State"]["ExitCode"] in (0, 143), "137: it was killed after ten seconds"


def started_at(container):
    container.reload()
    return container.attrs["State"]["StartedAt"]
