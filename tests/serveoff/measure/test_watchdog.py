"""Real processes whose runner is killed by SIGKILL."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from serveoff.measure import watchdog
from serveoff.measure.watchdog import MARK, is_gone, kill_marked, runner_id, watched
from serveoff.measure.watchdog import RUNNER as RUNNER_ID
from serveoff.models.isolation import RUNNER_VARIABLE
from serveoff.models.spec import REPOSITORY
from tests.waiting import wait_until

SERVER = """
import subprocess, sys, time
worker = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", worker], stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()
print("up", flush=True)
time.sleep(600)
"""
"""It has a worker in a session of its own, which no signal to its group reaches."""
RUNNER = """
import os, sys, time
from pathlib import Path
from serveoff.measure.runtimes import processes
command, log = [sys.executable, "-c", sys.argv[1]], Path(sys.argv[2])
servers = [processes.spawn(command, os.environ, log, pipes=True) for _ in "ab"]
for server in servers:
    server.stdout.readline()
processes.freeze(servers[0])
print(*(server.pid for server in servers), flush=True)
time.sleep(600)
"""


STAT = "1 (a ) name) S 1 1 1 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 0 {ticks} 1 1"
"""A process's line of proc_pid_stat(5)."""


def start_runner(tmp_path):
    """A runner with two servers, one of them frozen; it and the processes of both."""
    command = [sys.executable, "-c", RUNNER, SERVER, str(tmp_path / "log")]
    runner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    servers = [psutil.Process(int(pid)) for pid in runner.stdout.readline().split()]
    return runner, [*servers, *(child for server in servers for child in server.children(recursive=True))]


def ended(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_ended(processes):
    wait_until(lambda: all(map(ended, processes)), processes)


def ignores(process, signum):
    (mask,) = re.findall(r"^SigIgn:\t(\w+)$", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
    return int(mask, 16) >> (signum - 1) & 1 == 1


def test_servers_end_with_a_runner_that_is_killed_frozen_ones_and_workers_too(tmp_path):
    runner, members = start_runner(tmp_path)
    assert len(members) == 4
    runner.kill()
    runner.wait()
    wait_until_ended(members)


def test_where_the_watchdog_was_killed_too_the_next_start_ends_them(tmp_path):
    runner, members = start_runner(tmp_path)
    guards = [child for child in psutil.Process(runner.pid).children() if watchdog.__file__ in child.cmdline()]
    assert len(guards) == 1
    guards[0].kill()
    wait_until_ended(guards)
    runner.kill()
    runner.wait()
    assert not any(map(ended, members))
    assert kill_marked(is_gone) == 4
    wait_until_ended(members)


def test_what_tests_start_ends_with_a_test_run_that_is_killed():
    sleeps = "import time; time.sleep(600)"
    starts = f"subprocess.Popen([sys.executable, '-c', {sleeps!r}], start_new_session=True).pid"
    code = f"import subprocess, sys, tests.conftest; print({starts}, flush=True); {sleeps}"
    environ = {name: value for name, value in os.environ.items() if name != MARK}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environ, cwd=REPOSITORY) as tests:
        started = psutil.Process(int(tests.stdout.readline()))
        tests.kill()
    wait_until_ended([started])


def test_neither_ctrl_c_nor_a_hangup_ends_the_watchdog_before_its_runner(tmp_path):
    runner, members = start_runner(tmp_path)
    (guard,) = [child for child in psutil.Process(runner.pid).children() if watchdog.__file__ in child.cmdline()]
    wait_until(lambda: ignores(guard, signal.SIGQUIT), guard)  # the last of those that it leaves unheard
    for signum in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        guard.send_signal(signum)
    runner.kill()
    runner.wait()
    wait_until_ended([*members, guard])


def test_this_process_is_not_gone_nor_is_one_of_another_machine_but_one_of_its_number_and_another_start_is():
    machine, pid, _ = runner_id().split("-")
    assert not is_gone(runner_id())
    assert not is_gone(f"{'0' * 8}-{pid}-1")
    assert is_gone(f"{machine}-{pid}-1")
    with subprocess.Popen([sys.executable, "-c", ""]) as other:
        zombie = f"{machine}-{other.pid}-{int(psutil.Process(other.pid).create_time())}"
    assert is_gone(zombie)


def test_a_runner_lives_on_where_the_clock_is_set(monkeypatch):
    runner, create_time = runner_id(), psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: create_time(process) + 3600)
    assert not is_gone(runner)


@pytest.fixture
def proc(tmp_path, monkeypatch):
    """Files of a /proc in which our process has begun 4567 ticks after the boot `one`."""
    monkeypatch.setattr(watchdog, "PROC", tmp_path)
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("one\n")
    (tmp_path / str(os.getpid())).mkdir()
    (tmp_path / str(os.getpid()) / "stat").write_text(STAT.format(ticks=4567))
    runner_id.cache_clear()
    yield tmp_path
    runner_id.cache_clear()


def test_one_of_its_number_is_another_after_another_start_and_after_another_boot(proc):
    runner = runner_id()
    assert not is_gone(runner)
    (proc / str(os.getpid()) / "stat").write_text(STAT.format(ticks=4568))
    assert is_gone(runner)
    (proc / str(os.getpid()) / "stat").write_text(STAT.format(ticks=4567))
    (proc / "sys/kernel/random/boot_id").write_text("two\n")
    assert is_gone(runner)


def test_without_proc_and_in_ids_of_earlier_versions_the_start_is_in_seconds(proc):
    (proc / str(os.getpid()) / "stat").unlink()
    runner = runner_id()
    assert runner.split("-")[2] == str(int(psutil.Process().create_time()))
    assert RUNNER_ID.fullmatch(runner)
    assert not is_gone(runner)


def test_one_that_the_system_hides_is_left_alone(proc, monkeypatch):
    runner = runner_id()

    def hidden(process):
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "status", hidden)
    assert not is_gone(runner)


def test_no_version_takes_the_id_of_another_for_one_that_it_can_read():
    """One that reads only seconds would find another start in this, and kill its processes."""
    earlier = re.compile(r"[0-9a-f]{8}-\d+-\d+")
    assert RUNNER_ID.fullmatch(runner_id())
    assert not earlier.search(f"serveoff-{runner_id()}-abcd1234")


def test_a_runner_within_another_is_watched_by_both():
    assert watched({MARK: "00000000-1-2"})[MARK] == f"00000000-1-2 {runner_id()}"


def test_torchserve_and_jobs_name_their_folders_by_the_same_variable():
    assert RUNNER_VARIABLE == MARK
