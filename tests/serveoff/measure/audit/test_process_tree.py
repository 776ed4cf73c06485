import subprocess
import sys
import time

import pytest

from serveoff.measure.audit.process_tree import ProcessTree, Usage, sampling


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


def test_sampling_counts_children_too():
    burn = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass\ntime.sleep(1)"
    code = f"import subprocess, sys; held = bytearray(60_000_000); subprocess.run([sys.executable, '-c', {burn!r}])"
    process = subprocess.Popen([sys.executable, "-c", code])
    began = time.time()
    with sampling(ProcessTree(process.pid).take) as usage:
        process.wait(30)
    used = usage.cpu_between(began, time.time())
    peak = usage.peak_memory_between(began, time.time())
    assert used is not None
    assert used >= 0.4
    assert peak is not None
    assert peak > 60_000_000
