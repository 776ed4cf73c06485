"""A whole run whose load comes from workers: beside it, and in networks of their own."""

import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from serveoff.errors import ExitCode
from serveoff.loadtests.problems import WindowCode
from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.record.raw_rows import read_run_rows
from tests.command_line import MEASURED
from tests.e2e.test_attach import serving
from tests.networks import HOST, networks
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.alone]
DEPLOYMENTS = ("flask-tuned-torchscript", "flask-tuned-null")
SMALL = ("--rounds", "3", "--duration", "0.3", "--warmup", "0.3", "--concurrency", "1,8", "--open", "40")
NO_MORE = ("--objective", "none", "--no-payloads", "--profile", "quick")


@contextmanager
def workers(cli, host, port, prefixes):
    """`serveoff load-worker`, once for each prefix of its command; they end by themselves, with the run."""
    where = ("--master-host", host, "--master-port", port)
    environ = cli.environ | {"SERVEOFF_ARTIFACTS": str(cli.folder / "none")}
    command = [sys.executable, "-m", "serveoff", "load-worker", *where]
    processes = [subprocess.Popen([*prefix, *command], env=environ, stderr=subprocess.DEVNULL) for prefix in prefixes]
    try:
        yield processes
        for process in processes:
            assert process.wait(timeout=30) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()


def run(cli, host, prefixes, *more):
    port = str(free_port())
    where = ("--master-bind-host", host, "--master-bind-port", port, "--server-host", host)
    with workers(cli, host, port, prefixes):
        return cli.run("run", *DEPLOYMENTS, *SMALL, *NO_MORE, "--expect-workers", str(len(prefixes)), *where, *more)


def check(cli, count):
    """Each slice was driven by as many as it has callers for, and its rows are those that it counts, by one clock."""
    windows = [window for endpoint in cli.suite.endpoints for window in endpoint.windows]
    assert {(window.load.text[:1], len(window.workers)) for window in windows} == {("1", 1), ("8", count), ("p", count)}
    rows = read_run_rows(cli.run_folder).to_pandas()
    counted = Counter(rows.loc[rows["measured"], "slice"])
    for window in windows:
        assert (window.errors, window.wrong_answers) == (0, 0)
        assert window.answers_checked >= window.requests == counted[window.number] > 0
        assert all(abs(worker.offset_s) <= worker.bound_s for worker in window.workers)
        assert {problem.code for problem in window.problems} <= {WindowCode.OUT_OF_CPU, WindowCode.NOT_TOGETHER}
    mine = rows[rows["measured"]].groupby("slice")["start_s"]
    assert ((mine.max() - mine.min()) < 4).all()
    assert np.isfinite(rows["latency_s"]).all()


def test_two_workers_drive_a_whole_run_and_end_with_it(cli):
    done = run(cli, "127.0.0.1", [(), ()])
    assert done.returncode in MEASURED, done.stderr
    assert "waiting for 2 load workers" in done.stderr + done.stdout
    check(cli, 2)
    report = next((cli.folder / "reports").rglob("report.md")).read_text()
    assert "2 drove slices. Their clocks were known to within" in report


@pytest.mark.long
def test_endpoints_that_already_run_are_driven_by_workers_no_faster_than_they_may_be_all_together(cli, tmp_path):
    samples, port, most_rate = tmp_path / "inputs.npz", str(free_port()), 40
    np.savez(samples, features=np.random.default_rng(1).normal(size=(20, 2)).round(3))
    where = ("--expect-workers", "2", "--master-bind-port", port, "--max-rate", str(most_rate))
    with serving() as a, serving() as b, workers(cli, "127.0.0.1", port, [(), ()]):
        urls = [f"--url={name}=http://127.0.0.1:{at}/v1/models/m" for name, at in (("a", a), ("b", b))]
        more = ("--rounds", "3", "--concurrency", "4", "--duration", "1")
        done = cli.run("run", *urls, "--samples", str(samples), *more, *where)
    assert done.returncode in MEASURED, done.stderr
    rows = read_run_rows(cli.run_folder).to_pandas()
    for endpoint in cli.suite.endpoints:
        assert endpoint.gate.passed
        assert {len(window.workers) for window in endpoint.windows} == {2}
        assert sum(window.errors + window.wrong_answers for window in endpoint.windows) == 0
        for window in endpoint.windows:
            starts = rows.loc[(rows["slice"] == window.number) & rows["measured"], "start_s"]
            assert 4 < len(starts) <= most_rate * (starts.max() - starts.min()) + 3


@pytest.mark.long
def test_four_workers_in_networks_of_their_own_drive_a_whole_run(cli):
    with networks() as names:
        done = run(cli, HOST, [("ip", "netns", "exec", name) for name in names])
        assert done.returncode in MEASURED, done.stderr
        check(cli, 4)


@pytest.mark.long
def test_a_run_without_workers_left_ends_and_keeps_what_it_measured(cli):
    port = str(free_port())
    where = ("--expect-workers", "1", "--master-bind-port", port)

    def logs():
        return (cli.folder / "results").glob("*/logs/locust.log")

    with workers(cli, "127.0.0.1", port, [()]) as (worker,):
        process = cli.start("run", *DEPLOYMENTS, *SMALL, *NO_MORE, *where, "--rounds", "1000")
        cli.wait_until(lambda: "reported as ready" in "".join(map(Path.read_text, logs())), process)
        worker.terminate()
        _, errors = process.communicate(timeout=120)
    assert process.returncode == ExitCode.INTERNAL, errors
    assert "no load worker is left" in errors
    wait_until(lambda: not cli.processes(), "all have ended")
