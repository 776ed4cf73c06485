import math
import subprocess
import sys
import threading

import pytest

from serveoff.measure.audit.process_tree import LIST_TREE_EVERY, ProcessTree, sampling
from serveoff.record.usage import Usage


def test_cpu_between_interpolates_between_samples():
    usage = Usage(times_s=[0.0, 1.0, 2.0], cpu_s=[0.0, 0.5, 1.5], memory_bytes=[1, 3, 2])
    assert usage.cpu_between(0.5, 1.5) == pytest.approx(0.75)
    assert usage.cpu_between(-5, 10) == pytest.approx(1.5)


def test_peak_memory_is_of_the_window_only():
    usage = Usage(times_s=[0.0, 1.0, 2.0], cpu_s=[0.0, 0.5, 1.5], memory_bytes=[1, 3, 2])
    assert usage.peak_memory_between(1.5, 3.0) == 2
    assert usage.peak_memory_between(0.0, 3.0) == 3


def test_no_samples_in_the_window_is_none_not_zero():
    usage = Usage(times_s=[0.0, 1.0], cpu_s=[0.0, 0.5], memory_bytes=[1, 3])
    assert usage.cpu_between(5.0, 6.0) is None
    assert usage.peak_memory_between(5.0, 6.0) is None
    assert Usage().cpu_between(0, 1) is None


BURN = """
import sys, time
while time.process_time() < 0.5:
    pass
print(flush=True)
sys.stdin.read()
"""


def test_sampling_counts_children_too():
    code = f"import subprocess, sys; held = bytearray(60_000_000); subprocess.run([sys.executable, '-c', {BURN!r}])"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:
        tree, taken = ProcessTree(process.pid), threading.Semaphore(0)

        def take(usage):
            tree.take(usage)
            taken.release()

        with sampling(take) as usage:
            assert process.stdout.readline(), "the child has used its half a second, and waits"
            before = len(usage.times_s)
            while len(usage.times_s) <= before + LIST_TREE_EVERY:  # the tree is listed again meanwhile
                assert taken.acquire(timeout=60)
        process.stdin.close()
    used, peak = usage.cpu_between(0.0, math.inf), usage.peak_memory_between(0.0, math.inf)
    assert used is not None
    assert used >= 0.4
    assert peak is not None
    assert peak > 60_000_000


LATE = """
import subprocess, sys
sys.stdin.readline()
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE)
sys.stdin.read()
child.communicate()
"""


def test_what_a_child_used_before_it_was_first_seen_is_no_burst():
    """A worker that takes another's place between two listings was once seen to use 171% of one core."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", LATE, BURN], **pipes) as process:
        tree, usage = ProcessTree(process.pid), Usage()
        tree.take(usage)
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline(), "the child has used its half a second, and waits"
        for _ in range(LIST_TREE_EVERY):
            tree.take(usage)
        process.stdin.close()
    assert usage.cpu_s[-1] - usage.cpu_s[0] >= 0.4
    assert usage.cpu_s[-1] - usage.cpu_s[-2] < 0.2
    assert usage.cpu_s == sorted(usage.cpu_s)
