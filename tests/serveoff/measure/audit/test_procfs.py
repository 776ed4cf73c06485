"""Files of /proc, as kernels write them."""

import resource
import subprocess
import sys
import time

import pytest

from serveoff.measure.audit.procfs import (
    LIMITS,
    STATUS,
    address_space_limit,
    read_threads,
    resident_bytes,
)
from serveoff.measure.runtimes.local import LocalServer
from serveoff.services.registry import read_registry

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc to read")
LIMIT = "Max address space         {}            unlimited            bytes     \n"
LIMIT_FILE = "Limit                     Soft Limit           Hard Limit           Units     \n"


def status(pid, process, parent, name="python", cpus="0", resident="1000 kB"):
    return (
        f"Name:\t{name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t{process}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{parent}\n"
        f"VmPeak:\t  300 kB\nVmRSS:\t    {resident}\nThreads:\t2\nCpus_allowed:\t1\nCpus_allowed_list:\t{cpus}\n"
    )


def test_each_thread_has_its_process_name_cores_and_memory():
    first, second = read_threads(status(7, 7, 3, cpus="0-1,4") + status(9, 7, 3, name="tf_Compute"))
    assert (first.id, first.process, first.parent, first.cpus, first.resident_bytes) == (7, 7, 3, (0, 1, 4), 1_024_000)
    assert (second.id, second.name, second.cpus) == (9, "tf_Compute", (0,))


def test_memory_counts_once_for_a_process_whatever_its_threads():
    threads = read_threads(status(7, 7, 3) + status(9, 7, 3) + status(8, 8, 7, resident="500 kB"))
    assert resident_bytes(threads) == 1500 * 1024


def test_a_kernel_thread_or_a_zombie_has_no_memory():
    (thread,) = read_threads(status(7, 7, 3).replace("VmRSS:\t    1000 kB\n", ""))
    assert thread.resident_bytes == 0


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
        assert resident_bytes(threads) > 10_000_000
        assert address_space_limit(server.kernel(LIMITS)) == 2**40
    finally:
        server.stop()
    assert server.kernel(STATUS) == ""
