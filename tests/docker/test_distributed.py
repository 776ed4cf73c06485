"""Several load generators in containers: under one page by hand, and in a comparison."""

import docker
import pytest

from serveoff.analyse.point_estimates import read_rows as rows_or_problem
from serveoff.loadtests.recording.rows import parts, read_rows
from serveoff.measure.runtimes.containers.compose import PROJECT_LABEL
from serveoff.models.spec import artifacts_root
from tests.command_line import CommandLine
from tests.docker.pages import Page, rows_of
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
    assert "4 users" in distributed.compose("logs", "locust-master").stdout


def test_workers_come_back_to_a_master_that_was_killed(distributed, page):
    page.wait_for_workers(WORKERS, seconds=20)
    master = distributed.container("locust-master")
    master.kill()
    master.start()
    page.wait_for_workers(WORKERS, seconds=40)
    assert page.test("flask-null-rest", users=1)["num_failures"] == 0


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


def sends_requests(container):
    networks = container.stats(stream=False, one_shot=True).get("networks", {})
    return sum(network["tx_bytes"] for network in networks.values()) > 5e6


@pytest.mark.timeout(300)
def test_a_comparison_by_workers_of_which_one_is_killed(images, project, tmp_path):
    """The window in which it was lost is told of, and the next round has both again."""
    client = docker.from_env()
    cli = CommandLine(tmp_path, artifacts_root(), settings={"COMPOSE_PROJECT_NAME": project})
    options = ("--profile", "quick", "--duration", "3", "--warmup", "0.2", "--concurrency", "4,8", "--rounds", "2")
    process = cli.start("run", "flask-null", "--runtime", "docker", "--load-workers", "2", *options)

    def ours(service=""):
        found = client.containers.list(filters={"name": f"-{service}"}, ignore_removed=True)
        return [c for c in found if c.labels.get(PROJECT_LABEL, "").startswith(f"{project}-20")]

    cli.wait_until(lambda: any(map(sends_requests, ours("locust-worker-2"))), process)
    ours("locust-worker-2")[0].kill()
    _, err = process.communicate(timeout=200)
    assert process.returncode == 7, err
    assert ours() == []
    suite = cli.suite
    assert (suite.settings.load_from, suite.settings.load_workers) == ("container", 2)
    (endpoint,) = suite.endpoints
    first, second = ([w for w in endpoint.windows if w.round == round_] for round_ in (1, 2))
    assert [w.concurrency for w in first] == [4, 8]
    assert all("1 of 2 workers did not report" in " ".join(p.text for p in w.problems) for w in first)
    assert [w.concurrency for w in second] == [4, 8]
    assert [w.problems for w in second] == [[], []]
    path = cli.run_folder / second[0].rows
    assert len(parts(path)) == 2
    rows = rows_or_problem(path)
    for window in second:
        assert window.answers_checked > 0
        assert window.client_cpu_s < 2 * window.duration_s
        assert (rows["window"] == window.number).sum() == window.requests
