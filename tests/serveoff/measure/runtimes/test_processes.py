import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from serveoff.measure.runtimes import processes
from serveoff.measure.runtimes.cpus import available_cpus
from tests.waiting import wait_until

TREE = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)


@pytest.fixture
def start(tmp_path):
    started = []

    def start(code, **options):
        process = processes.spawn([sys.executable, "-c", code], os.environ, tmp_path / "log", **options)
        started.append(process)
        return process

    yield start
    for process in started:
        processes.stop(process, grace_s=0.1)


def test_stop_ends_the_whole_tree_even_when_a_child_ignores_sigterm(start, tmp_path):
    process = start(TREE.format(child=STUBBORN))
    wait_until(lambda: "deaf" in (tmp_path / "log").read_text())
    (child,) = psutil.Process(process.pid).children()
    processes.stop(process, grace_s=1)
    assert process.returncode is not None
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_frozen_group_uses_no_cpu_and_goes_on_after_a_thaw(start, tmp_path):
    process = start("while True: pass")
    watched = psutil.Process(process.pid)
    wait_until(lambda: watched.cpu_times().user > 0.05)
    processes.freeze(process)
    wait_until(lambda: watched.status() == psutil.STATUS_STOPPED)
    before, end = watched.cpu_times().user, time.process_time() + 0.3
    while time.process_time() < end:  # we get a CPU, and it does not
        pass
    assert watched.cpu_times().user == before
    processes.thaw(process)
    wait_until(lambda: watched.cpu_times().user > before)


def test_a_frozen_group_can_be_stopped(start):
    process = start("import time; time.sleep(60)")
    processes.freeze(process)
    processes.stop(process, grace_s=5)
    assert process.returncode == -signal.SIGTERM


def test_those_that_ignore_sigterm_are_killed_together_frozen_or_not(start, tmp_path):
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"
    started = [start(deaf, pipes=True) for _ in range(6)]
    for process in started:
        process.stdout.readline()
    for process in started[::2]:
        processes.freeze(process)
    processes.stop_all(started, grace_s=0.1)
    assert {process.returncode for process in started} == {-signal.SIGKILL}


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no CPU affinity")
def test_a_child_runs_on_the_cores_it_was_given_and_we_stay_on_ours(start):
    mine, core = os.sched_getaffinity(0), available_cpus()[-1]
    process = start("import time; time.sleep(60)", cpus=[core])
    assert os.sched_getaffinity(process.pid) == {core}
    assert os.sched_getaffinity(0) == mine


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no CPU affinity")
def test_every_thread_and_child_of_a_process_is_moved_to_other_cores(start, tmp_path):
    core = available_cpus()[-1]
    code = "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start(); print('up', flush=True); "
    process = start(code + TREE.format(child="import time; time.sleep(60)"))
    wait_until(lambda: "up" in (tmp_path / "log").read_text() and psutil.Process(process.pid).children())
    (child,) = psutil.Process(process.pid).children()
    processes.move([process.pid, child.pid], [core])
    threads = [int(thread) for pid in (process.pid, child.pid) for thread in os.listdir(f"/proc/{pid}/task")]
    assert len(threads) == 3
    assert [os.sched_getaffinity(thread) for thread in threads] == [{core}] * 3
    processes.move([process.pid, 2**22 - 1], available_cpus())  # of one that is gone nothing is moved
    assert os.sched_getaffinity(threads[0]) == set(available_cpus())


def test_exits_are_described_in_words():
    assert processes.describe_exit(3) == "exit code 3"
    assert processes.describe_exit(-signal.SIGKILL) == "killed by SIGKILL"


def test_tail_of_a_log(tmp_path):
    log = tmp_path / "log"
    log.write_text("\n".join(map(str, range(100))))
    assert processes.tail(log, lines=2) == "98\n99"
    assert processes.tail(tmp_path / "none") == ""


def test_interrupt_lets_a_child_finish(start, tmp_path):
    code = "import time\ntry:\n print('up', flush=True); time.sleep(60)\nexcept KeyboardInterrupt: raise SystemExit(7)"
    process = start(code)
    wait_until(lambda: "up" in (tmp_path / "log").read_text())
    processes.interrupt(process, grace_s=5)
    assert process.returncode == 7


def test_spawn_with_pipes_talks(start):
    process = start("print(input()[::-1], flush=True)", pipes=True)
    answer, _ = process.communicate(b"abc\n", timeout=10)
    assert answer == b"cba\n"
    assert isinstance(process, subprocess.Popen)
