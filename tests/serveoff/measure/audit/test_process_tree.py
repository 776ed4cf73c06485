import subprocess
import sys

import psutil
import pytest

from serveoff.measure.audit import process_tree
from serveoff.measure.audit.process_tree import ProcessTree, cpu_seconds
from serveoff.measure.audit.readings import Reading, used

BURN = """
import sys, time
while time.process_time() < 0.5:
    pass
print(flush=True)
sys.stdin.read()
"""
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}])"


@pytest.fixture
def burnt(monkeypatch):
    """A process whose child has used half a second, and waits."""
    monkeypatch.setattr(process_tree, "LIST_EVERY_S", 0.0)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", PARENT], **pipes) as process:
        assert process.stdout.readline()
        yield process
        process.stdin.close()


def test_children_count_too(burnt):
    tree = ProcessTree(burnt.pid)
    tree.refresh()
    reading = tree.read()
    assert len(tree.pids()) == 2
    assert reading.cpu_s >= 0.5


def test_what_a_process_has_used_stays_used_when_it_ends(burnt):
    tree = ProcessTree(burnt.pid)
    tree.refresh()
    before = tree.read()
    (child,) = psutil.Process(burnt.pid).children()
    child.kill()
    burnt.wait(timeout=60)
    assert tree.pids() == frozenset()
    assert tree.read().cpu_s >= before.cpu_s


def test_a_process_that_is_first_seen_late_is_no_burst(burnt):
    """A worker that took another's place was once seen to use 171% of one core."""
    tree = ProcessTree(burnt.pid)
    tree.refresh()
    before = tree.read()
    assert used(before, tree.read())["server_cpu_s"] < 0.2


def test_the_clock_of_a_process_is_that_of_all_its_threads():
    own = psutil.Process()
    times = own.cpu_times()
    assert cpu_seconds(own) == pytest.approx(times.user + times.system, abs=0.1)


def test_what_is_not_known_at_both_ends_is_none_and_a_total_that_fell_is_zero():
    found = used(Reading(1.0, network_in_bytes=5), Reading(1.5, network_in_bytes=3))
    assert found["server_cpu_s"] == 0.5
    assert found["server_network_in_bytes"] == 0
    assert found["server_throttled_s"] is None
