"""Files of /proc, as kernels write them."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from serveoff.measure.audit.procfs import (
    LIMITS,
    STATUS,
    address_space_limit,
    compiling,
    compiling_s,
    pss_bytes,
    read_threads,
)
from serveoff.measure.runtimes.local import LocalServer
from serveoff.services.registry import read_registry

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc to read")
LIMIT = "Max address space         {}            unlimited            bytes     \n"
LIMIT_FILE = "Limit                     Soft Limit           Hard Limit           Units     \n"


def status(pid, process, parent, name="python", cpus="0"):
    return (
        f"Name:\t{name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t{process}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{parent}\n"
        f"VmPeak:\t  300 kB\nThreads:\t2\nCpus_allowed:\t1\nCpus_allowed_list:\t{cpus}\n"
    )


LOOKS = range(2000)
JVM_LIKE = """
import ctypes, sys, threading
name = lambda text: ctypes.CDLL(None).prctl(15, text.encode(), 0, 0, 0)
at_work = threading.Event()
def compiler():
    name("C2 CompilerThre")
    print("idle", flush=True)
    at_work.wait()
    print("busy", flush=True)
    while at_work.is_set():
        pass
    print("idle", flush=True)
    threading.Event().wait()
name(sys.argv[1])
threading.Thread(target=compiler, daemon=True).start()
for line in sys.stdin:
    (at_work.set if line == "work\\n" else at_work.clear)()
"""


@LINUX
@pytest.mark.parametrize(("name", "seen"), [("java", True), ("python", False)])
def test_a_jvm_is_told_that_compiles_just_now(name, seen):
    command = [sys.executable, "-u", "-c", JVM_LIKE, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdout.readline() == "idle\n"
        assert any(not compiling([process.pid]) for _ in LOOKS), "a thread that told of its rest soon rests"
        process.stdin.write("work\n")
        assert process.stdout.readline() == "busy\n"
        at_work = any(compiling([process.pid]) for _ in LOOKS)
        process.stdin.write("rest\n")
        assert process.stdout.readline() == "idle\n"
        process.kill()
    assert at_work is seen
    assert not compiling([process.pid])


def test_each_thread_has_its_process_name_and_cores():
    first, second = read_threads(status(7, 7, 3, cpus="0-1,4") + status(9, 7, 3, name="tf_Compute"))
    assert (first.id, first.process, first.parent, first.cpus) == (7, 7, 3, (0, 1, 4))
    assert (second.id, second.name, second.cpus) == (9, "tf_Compute", (0,))


def test_proportional_set_sizes_are_summed_over_processes(tmp_path):
    for process, size in ((7, 1000), (9, 500)):
        (tmp_path / str(process)).mkdir()
        text = f"55e0-7ffd ---p 00000000 00:00 0 [rollup]\nRss: 9000 kB\nPss: {size} kB\nPss_Anon: 1 kB\n"
        (tmp_path / str(process) / "smaps_rollup").write_text(text)
    assert pss_bytes([7, 9, 11], tmp_path) == 1500 * 1024, "11 has ended"
    assert pss_bytes([11], tmp_path) is None


@LINUX
def test_what_this_user_may_not_read_is_no_figure(tmp_path, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_text", refused)
    assert pss_bytes([os.getpid()]) is None


def test_who_entered_a_container_to_read_there_is_not_of_it():
    inside = status(1, 1, 0) + status(7, 7, 1)
    entered = status(30, 30, 0, name="sh") + status(31, 31, 30, name="cat")
    assert [thread.process for thread in read_threads(inside + entered)] == [1, 7]


def test_a_file_that_was_cut_short_is_left_out():
    assert read_threads(status(7, 7, 3)[:40]) == []
    assert read_threads("") == []


@pytest.mark.parametrize(
    ("limits", "found"),
    [([], None), (["unlimited"], None), (["unlimited", "8000"], 8000), (["9000", "8000"], 8000)],
)
def test_the_smallest_limit_of_any_process_counts(limits, found):
    assert address_space_limit("".join(LIMIT_FILE + LIMIT.format(limit) for limit in limits)) == found


@LINUX
def test_a_real_tree_is_read_with_its_children_threads_and_limits(tmp_path):
    code = (
        "import resource, subprocess, sys, threading, time\n"
        f"resource.setrlimit(resource.RLIMIT_AS, (2**40, {resource.RLIM_INFINITY}))\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "child = subprocess.Popen([sys.executable, '-c', 'print(flush=True); import time; time.sleep(60)'])\n"
        "child.wait()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    server = LocalServer(read_registry(environ={})[0], process, {}, tmp_path / "log", time.perf_counter())
    try:
        assert process.stdout is not None
        process.stdout.readline()
        threads = read_threads(server.kernel(STATUS))
        assert len(threads) == 3
        assert len({thread.process for thread in threads}) == 2
        assert {thread.parent for thread in threads} >= {process.pid}
        assert server.memory_bytes() > 5_000_000
        assert address_space_limit(server.kernel(LIMITS)) == 2**40
    finally:
        server.stop()
    assert server.kernel(STATUS) == ""


def test_only_the_threads_of_a_jvm_s_compilers_count_as_compiling():
    tick = 1 / os.sysconf("SC_CLK_TCK")
    numbers = "1 1 1 0 -1 4194368 10 0 0 0"
    java = f"7 (C2 CompilerThre) S {numbers} 300 20 0 0 20 0\n8 (C1 CompilerThre) R {numbers} 100 5 0 0 20 0\n"
    others = f"9 (java) S {numbers} 900 90 0 0 20 0\n10 (a (C2) b) S {numbers} 900 90 0 0 20 0\n"
    assert compiling_s(java + others) == pytest.approx(425 * tick)
    assert compiling_s(others) == 0


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system has no /proc")
def test_a_file_of_the_kernel_is_read_as_it_is():
    named = "import ctypes, sys; ctypes.CDLL(None).prctl(15, b'C2 CompilerThread0'); [x for x in range(10**7)]; "
    show = "import pathlib; print(pathlib.Path('/proc/self/stat').read_text())"
    stat = subprocess.run([sys.executable, "-c", named + show], capture_output=True, text=True, check=True).stdout
    assert compiling_s(stat) > 0
