"""What the run's cores did for others."""

import os
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil

from serveoff.measure.audit.busy_cores import busy_s, of_others


def test_another_process_s_work_is_seen():
    cpu = min(os.sched_getaffinity(0))
    before_s = busy_s([cpu])
    spin = f"import os, time\nos.sched_setaffinity(0, {{{cpu}}})\nwhile time.process_time() < 2: pass"
    subprocess.run([sys.executable, "-c", spin], check=True, timeout=120)
    assert of_others(before_s, busy_s([cpu])) > 1.8


def test_idle_time_our_own_and_that_of_other_cores_are_left_out(monkeypatch):
    cores = [
        SimpleNamespace(user=100.0, idle=1e6),
        SimpleNamespace(user=10.0, nice=1.0, system=2.0, idle=1e6, iowait=50.0, irq=0.25, softirq=0.25, steal=0.5),
    ]
    monkeypatch.setattr(psutil, "cpu_times", lambda percpu: cores)
    monkeypatch.setattr(time, "process_time", lambda: 4.0)
    assert busy_s([1]) == 10.0
    assert busy_s([0, 1]) == 110.0


def test_what_cannot_be_told_is_not_known():
    assert busy_s([]) is busy_s([10_000]) is None
    assert of_others(None, 1.0) is of_others(1.0, 2.0, None) is None
    assert of_others(1.0, 4.0, 1.0, 0.5) == 1.5
    assert of_others(1.0, 1.9, 1.0) < 0, "of a slice it is coarse; sums say something"
