"""What the run's cores did for others."""

import os
import subprocess
import sys
import time

import pytest

from serveoff.measure.audit.busy_cores import busy_s, of_others


def test_another_process_s_work_is_seen():
    cpu = min(os.sched_getaffinity(0))
    before_s = busy_s([cpu])
    spin = f"import os, time\nos.sched_setaffinity(0, {{{cpu}}})\nwhile time.process_time() < 2: pass"
    subprocess.run([sys.executable, "-c", spin], check=True, timeout=120)
    assert of_others(before_s, busy_s([cpu])) > 1.8


STAT = """cpu  10100 100 200 100000000 5000 25 25 50 0 0
cpu0 10000 0 0 100000000 0 0 0 0 0 0
cpu2 1000 100 200 100000000 5000 25 25 50 700 0
intr 12 3
"""
"""Of a machine whose core 1 is offline; a tick is a hundredth of a second."""


@pytest.fixture
def stat(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "process_time", lambda: 4.0)
    monkeypatch.setattr(os, "sysconf", {"SC_CLK_TCK": 100}.__getitem__)
    (tmp_path / "stat").write_text(STAT)
    return tmp_path / "stat"


def test_idle_time_our_own_and_that_of_other_cores_are_left_out(stat):
    assert busy_s([2], stat) == 10.0
    assert busy_s([0, 2], stat) == 110.0


def test_a_core_is_found_by_its_number_where_others_are_offline(stat):
    assert busy_s([1], stat) is None
    assert busy_s([0, 1], stat) is None


def test_what_cannot_be_told_is_not_known(tmp_path):
    assert busy_s([]) is busy_s([10_000]) is busy_s([0], tmp_path / "none") is None
    assert of_others(None, 1.0) is of_others(1.0, 2.0, None) is None
    assert of_others(1.0, 4.0, 1.0, 0.5) == 1.5
    assert of_others(1.0, 1.9, 1.0) < 0, "of a slice it is coarse; sums say something"
