"""What servers truly have, beside what a run asked for: real processes, then real servers."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace

import psutil
import pytest

from serveoff.analyse.judging.validity import judge
from serveoff.measure.audit.procfs import STATUS
from serveoff.measure.audit.reported_settings import read_device, read_settings
from serveoff.measure.audit.resource_audit import asked, look_again, read_resources
from serveoff.measure.plan.variants import parse_variation, vary
from serveoff.measure.readiness import wait_ready
from serveoff.measure.runtimes.cpus import CpuPlan, available_cpus
from serveoff.measure.runtimes.local import LocalRuntime, LocalServer
from serveoff.measure.runtimes.processes import spawn
from serveoff.record.problems import ResourceCode
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Deployment, read_registry
from tests.serveoff.analyse.test_validity import evidence
from tests.serveoff.problems import texts

FLASK = next(d for d in read_registry(environ={}) if d.name == "flask-tuned-torchscript")
TOLD = {"workers": 1, "threads_per_worker": 1, "intra_op_threads": 1, "batch_size": 1, "batch_delay_ms": 0}
CPUS = available_cpus()
SEVERAL = pytest.mark.skipif(
    sys.platform != "linux" or len(CPUS) < 2, reason="needs two cores, and a kernel that tells who runs on which"
)
RARER = ("flask-torch-eager", "flask-savedmodel", "flask-keras-eager", "tfserving-frozen-graph")
"""Servers that tests/e2e/ looks into as well."""
THREAD = "threading.Thread(target=work, daemon=True).start()"
PROGRAM = """
import os, threading, time
def work():
    {work}
    print(flush=True)
    time.sleep(60)
{start}
work()
"""


@dataclass(frozen=True)
class Written:
    """A server whose /proc is what a test says."""

    text: str = ""
    deployment: Deployment = field(default=FLASK)

    def kernel(self, name):
        return self.text if name == STATUS else ""


def settings(**changes):
    values = {"model": "digits_cnn", "profile": "quick", "runtime": "local", "endpoints": [], "concurrencies": [1]}
    values |= {
        "slice_s": 1,
        "lead_in_s": 1,
        "warmup_s": 1,
        "seed": 1,
        "server_cpus": CPUS[:1],
        "client_cpus": CPUS[-1:],
    }
    return RunSettings.model_validate(values | changes)


def problems(told, variant="", **changes):
    deployment = replace(FLASK, variant=variant)
    found = read_resources(Written(deployment=deployment), settings(**changes), None, TOLD | told).problems
    assert {problem.code for problem in found} <= {ResourceCode.SETTING}
    return texts(found)


def test_a_server_that_is_as_asked_for_has_no_problems_and_keeps_what_was_asked():
    found = read_resources(Written(), settings(workers=3), None, TOLD | {"workers": 3})
    assert (found.problems, found.asked["workers"]) == ([], 3)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"workers": 2}, "it has 2 workers; requested: 1"),
        ({"threads_per_worker": 4}, "it has 4 threads per worker; requested: 1"),
        ({"intra_op_threads": 2}, "it has 2 intra-op threads; requested: 1"),
        ({"intra_op_threads": 0}, "it has 0 intra-op threads; requested: 1"),
        ({"batch_size": 16}, "it has 16 rows a batch; requested: 1"),
    ],
)
def test_each_setting_that_was_not_asked_for_is_a_problem(told, said):
    assert said in problems(told)


def test_how_long_a_batch_may_wait_counts_where_there_are_batches():
    assert problems({"batch_delay_ms": 1}) == []
    assert problems({"batch_size": 8, "batch_delay_ms": 5}, batch_size=8, batch_delay_ms=1) == [
        "it has 5 ms for a batch to fill; requested: 1"
    ]
    assert problems({"batch_size": 8, "batch_delay_ms": 1}, batch_size=8, batch_delay_ms=0) == [], "TorchServe's least"


@pytest.mark.parametrize(("threads", "said"), [(4, []), (2, ["it has 2 threads per worker; requested: 4"])])
def test_a_server_of_one_process_has_the_threads_of_all_workers(threads, said):
    told = {"workers": None, "threads_per_worker": threads}
    assert problems(told, workers=2, threads_per_worker=2) == said


def test_what_a_server_does_not_tell_is_no_problem_and_not_known():
    found = read_resources(Written(), settings(workers=2), None, {})
    assert (found.problems, found.workers, found.cpus, found.os_threads) == ([], None, [], None)


def test_a_variant_is_judged_by_its_own_setting():
    assert problems({"workers": 2}, variant="workers=2") == []
    assert problems({}, variant="workers=2") == ["it has 1 worker; requested: 2"]
    assert problems({"intra_op_threads": 2}, variant="workers=2") != []


def test_a_server_as_it_comes_was_asked_for_nothing_but_its_cores():
    assert problems({"intra_op_threads": 8, "threads_per_worker": 0, "workers": 9}, variant="defaults") == []
    text = f"Name:\tjava\nTgid:\t7\nPid:\t7\nPPid:\t3\nCpus_allowed_list:\t{CPUS[0]}-{CPUS[0] + 1}\n"
    server = Written(text, replace(FLASK, variant="defaults"))
    (problem,) = read_resources(server, settings(), None, {}).problems
    assert problem.code is ResourceCode.CORES
    assert problem.text.startswith("1 of its 1 threads (java 7) may run on cores")


@pytest.mark.parametrize("text", ["workers=4", "threads=3", "intra_op=2", "batching=8"])
def test_every_variation_is_known_to_what_is_asked_for(text):
    (variant,) = vary([FLASK], [parse_variation(text)])
    changed = {name.lower(): int(value) for name, value in variant.changes.items()}
    assert asked(settings(), variant) == asked(settings(), FLASK) | changed


def test_a_server_that_cannot_batch_is_not_asked_to():
    plain = next(d for d in read_registry(environ={}) if d.name == "flask-torchscript")
    wanted = settings(batch_size=8, batch_delay_ms=5)
    assert (asked(wanted, FLASK)["batch_size"], asked(wanted, plain)["batch_size"]) == (8, 1)


def started(code, log):
    """A process that says when it is where it is to be, on the server's core."""
    process = spawn([sys.executable, "-c", code], os.environ, log, cpus=CPUS[:1], pipes=True)
    server = LocalServer(FLASK, process, {}, log, time.perf_counter())
    assert process.stdout is not None
    process.stdout.readline()
    return server


@SEVERAL
def test_a_process_on_its_core_is_as_asked_for(tmp_path):
    server = started(PROGRAM.format(work="pass", start=""), tmp_path / "log")
    try:
        found = read_resources(server, settings(), None, TOLD)
    finally:
        server.stop()
    assert (found.cpus, found.processes, found.os_threads, found.problems) == (CPUS[:1], 1, 1, [])


@SEVERAL
def test_a_single_thread_on_another_core_is_found_and_named(tmp_path):
    moves = f"threading.current_thread() is threading.main_thread() or os.sched_setaffinity(0, {{{CPUS[1]}}})"
    server = started(PROGRAM.format(work=moves, start=THREAD), tmp_path / "log")
    try:
        assert server.process.stdout is not None
        server.process.stdout.readline()
        found = read_resources(server, settings(), None, TOLD)
    finally:
        server.stop()
    assert found.cpus == CPUS[:2]
    (problem,) = found.problems
    assert problem.text.startswith("1 of its 2 threads (")
    assert problem.text.endswith(f"may run on core {CPUS[1]}; requested: core {CPUS[0]}")


@SEVERAL
def test_threads_that_come_later_are_seen_after_the_last_round(tmp_path):
    code = f"import os, sys, threading, time\ndef work():\n    os.sched_setaffinity(0, {{{CPUS[1]}}})\n"
    code += "    print(flush=True)\n    time.sleep(60)\nprint(flush=True)\nsys.stdin.readline()\n" + THREAD
    server = started(code + "\ntime.sleep(60)", tmp_path / "log")
    try:
        before = read_resources(server, settings(), None, TOLD)
        assert server.process.stdin is not None
        assert server.process.stdout is not None
        server.process.stdin.write(b"\n")
        server.process.stdin.flush()
        server.process.stdout.readline()
        after = look_again(before, server, settings())
    finally:
        server.stop()
    assert (before.os_threads, before.os_threads_at_end, before.problems) == (1, None, [])
    assert (after.os_threads, after.os_threads_at_end, after.cpus) == (1, 2, CPUS[:2])
    assert len(after.problems) == 1
    assert after.workers == 1


def test_a_server_that_is_gone_keeps_what_was_seen_of_it():
    before = read_resources(Written(), settings(), None, TOLD)
    assert look_again(before, Written(), settings()) == before


@pytest.fixture
def serving(tmp_path):
    """Starts a real server as a run with `settings()` does, but for `changes` of its environment."""
    running = []

    def start(name, **changes):
        equal = {f"SERVING_{key}": value for key, value in settings().of_servers.items()}
        runtime = LocalRuntime(CpuPlan(tuple(CPUS[:1]), ()), tmp_path, equal | changes)
        deployment, _ = runtime.resolve(next(d for d in read_registry(environ={}) if d.name == name))
        server = runtime.start(deployment)
        running.append(server)
        wait_ready(server)
        return server

    yield start
    for server in running:
        server.stop()


def seen(server):
    return read_resources(server, settings(), None, read_settings(server))


def verdict(found):
    sound = evidence()
    return judge(replace(sound, endpoint=sound.endpoint.model_copy(update={"resources": found})))


@pytest.mark.slow
@SEVERAL
@pytest.mark.parametrize(
    "name",
    [
        *("flask-torchscript", "flask-frozen-graph", "flask-tuned-null", "torchserve-torchscript"),
        "tfserving-savedmodel",
        *(pytest.param(name, marks=pytest.mark.long) for name in RARER),
    ],
)
def test_every_real_server_is_as_asked_for_and_tells_so(model_dir, serving, name):
    server = serving(name)
    found = seen(server)
    assert found.problems == []
    assert verdict(found).valid
    assert name == "flask-tuned-null" or read_device(server) == "cpu"
    assert found.cpus == CPUS[:1]
    assert found.processes == len([server.pid, *psutil.Process(server.pid).children(recursive=True)])
    if "tfserving" not in server.deployment.server:
        assert found.workers == 1
    if server.deployment.server != "tfserving":  # the real one does not tell
        assert found.intra_op_threads == (None if name == "flask-tuned-null" else 1)
        assert (found.threads_per_worker, found.batch_size) == (1, 1)


@pytest.mark.slow
@SEVERAL
def test_a_real_worker_that_was_moved_to_another_core_does_not_count(model_dir, serving):
    server = serving("flask-torchscript")
    (worker,) = psutil.Process(server.pid).children()
    subprocess.run(["taskset", "--all-tasks", "--cpu-list", "--pid", str(CPUS[1]), str(worker.pid)], check=True)
    found = seen(server)
    assert found.cpus == CPUS[:2]
    (reason,) = verdict(found).reasons
    assert reason.code == "resources"
    assert f"{worker.pid}" in reason.seen
    assert reason.seen.endswith(f"may run on core {CPUS[1]}; requested: core {CPUS[0]}")


@pytest.mark.slow
@SEVERAL
@pytest.mark.parametrize("name", ["flask-torchscript", "flask-frozen-graph", "tfserving-savedmodel"])
def test_a_real_framework_with_more_threads_does_not_count(model_dir, serving, name):
    found = seen(serving(name, SERVING_INTRA_OP_THREADS="3"))
    assert texts(found.problems) == ["it has 3 intra-op threads; requested: 1"]
    assert not verdict(found).valid


@pytest.mark.slow
@SEVERAL
def test_real_workers_and_batches_that_were_not_asked_for_are_counted(serving):
    found = seen(serving("flask-tuned-null", SERVING_WORKERS="2", SERVING_BATCH_SIZE="4"))
    assert (found.workers, found.processes) == (2, 3)
    assert texts(found.problems) == ["it has 2 workers; requested: 1", "it has 4 rows a batch; requested: 1"]
