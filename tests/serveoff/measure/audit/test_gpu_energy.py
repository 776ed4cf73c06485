"""The meter of GPUs, with a library like NVIDIA's in its place."""

import os
import sys

import pytest

from serveoff.measure.audit import nvml
from serveoff.measure.audit.gpu_energy import open_meter
from serveoff.measure.audit.readings import Reading, used
from serveoff.measure.runtimes import processes
from serveoff.measure.runtimes.local import LocalServer
from tests.serveoff.measure.audit.gpus import Library, installed


def opened(library):
    """The meter where this is the package; None is no package."""
    with installed(library):
        return open_meter()


def meter(*joules):
    found = opened(Library(*joules))
    assert found is not None
    return found


class Climbing:
    """A meter that has counted 20 J more each time that it is read."""

    def __init__(self):
        self.read = []

    def read_j(self):
        self.read.append(20.0 * len(self.read))
        return self.read[-1]


def test_all_gpus_are_summed_in_joules():
    assert meter(1000, 2000.5).read_j() == 3000.5


NONE = {"no GPU": Library(), "no driver": Library(100, driver=False), "no counter": Library(100, None)}


@pytest.mark.parametrize("library", NONE.values(), ids=NONE.keys())
def test_without_a_gpu_a_driver_or_a_counter_there_is_no_meter(library):
    assert opened(library) is None


def test_without_the_package_there_is_no_meter():
    assert opened(None) is None


def test_the_real_library_has_what_is_asked_of_it():
    library = pytest.importorskip("pynvml")
    for name in dir(Library):
        if name.startswith(("nvml", "NVML")):
            assert hasattr(library, name)
    assert issubclass(library.NVMLError, Exception)


def test_the_meter_of_a_real_gpu_counts_up():
    found = open_meter()
    if found is None:
        pytest.skip("no NVIDIA GPU that counts its energy")
    assert 0 < found.read_j() <= found.read_j()


def test_it_is_not_imported_before_it_is_needed():
    assert not hasattr(nvml, "pynvml")


def test_a_server_reads_the_energy_beside_the_rest_and_a_window_has_what_was_used(tmp_path):
    process = processes.spawn([sys.executable, "-c", "import time; time.sleep(60)"], os.environ, tmp_path / "log")
    try:
        server = LocalServer(None, process, {}, tmp_path / "log", 0.0, Climbing())
        before, after = server.read(), server.read()
        assert used(before, after)["gpu_energy_j"] == pytest.approx(20.0)
    finally:
        processes.stop(process)


def test_a_meter_that_fails_leaves_a_gap_and_no_zero():
    failing = meter(50)
    failing.library.fails = True
    assert failing.read_j() is None
    assert used(Reading(energy_j=None), Reading(energy_j=3.0))["gpu_energy_j"] is None
