"""The meter of GPUs, with a library like NVIDIA's in its place."""

import math
import sys
import threading
from types import SimpleNamespace

import pytest

from serveoff.measure.audit.gpu_energy import nvml, open_meter
from serveoff.measure.audit.process_tree import sampling
from serveoff.measure.locust_driver import server_usage
from serveoff.record.usage import Usage


class NotToBeHadError(Exception):
    """What the library raises."""


class Library:
    """NVML with some GPUs, each of which has used so many joules; None: it does not count its energy."""

    NVMLError = NotToBeHadError

    def __init__(self, *joules, driver=True):
        self.joules, self.driver, self.fails = joules, driver, False

    def nvmlInit(self):  # noqa: N802
        if not self.driver:
            raise NotToBeHadError("Driver Not Loaded")

    def nvmlDeviceGetCount(self):  # noqa: N802
        return len(self.joules)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return self.joules[index]

    def nvmlDeviceGetTotalEnergyConsumption(self, joules):  # noqa: N802
        if joules is None or self.fails:
            raise NotToBeHadError("Not Supported")
        return int(1e3 * joules)


def meter(*joules):
    found = open_meter(lambda: Library(*joules))
    assert found is not None
    return found


class Climbing:
    """A meter that has counted 20 J more each time that it is read."""

    def __init__(self):
        self.read = []

    def read_j(self):
        self.read.append(20.0 * len(self.read))
        return self.read[-1]


class Samples:
    """What `sampling` calls for each sample; it can be waited for."""

    def __init__(self):
        self.taken = threading.Semaphore(0)

    def __call__(self, usage):
        self.taken.release()

    def wait_for(self, count):
        for _ in range(count):
            assert self.taken.acquire(timeout=60)


def test_all_gpus_are_summed_in_joules():
    assert meter(1000, 2000.5).read_j() == 3000.5


NONE = {"no GPU": Library(), "no driver": Library(100, driver=False), "no counter": Library(100, None)}


@pytest.mark.parametrize("library", NONE.values(), ids=NONE.keys())
def test_without_a_gpu_a_driver_or_a_counter_there_is_no_meter(library):
    assert open_meter(lambda: library) is None


def test_without_the_package_there_is_no_meter():
    def find():
        raise ImportError("No module named 'pynvml'")

    assert open_meter(find) is None


def test_the_real_library_has_what_is_asked_of_it():
    library = nvml()
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
    assert "serveoff.measure.audit.gpu_energy" in sys.modules
    assert not hasattr(sys.modules["serveoff.measure.audit.gpu_energy"], "pynvml")


def test_energy_is_sampled_beside_the_rest_and_read_between_two_instants():
    climbing, samples = Climbing(), Samples()
    with sampling(samples, climbing) as usage:
        samples.wait_for(4)
    assert usage.gpu_energy_j == climbing.read
    assert len(usage.gpu_times_s) == len(climbing.read) >= 4
    began, ended = usage.gpu_times_s[1], usage.gpu_times_s[3]
    used = server_usage(usage, began, ended - began)
    assert used["gpu_energy_j"] == pytest.approx(40.0)
    assert used["server_cpu_s"] is None


def test_a_meter_that_fails_leaves_a_gap_and_no_zero():
    failing = meter(50)
    failing.library.fails = True
    samples = Samples()
    with sampling(samples, failing) as usage:
        samples.wait_for(3)
    assert usage.gpu_energy_j == []
    assert usage.energy_between(0.0, math.inf) is None


def test_without_a_meter_nothing_is_known():
    with sampling(lambda usage: None) as usage:
        pass
    assert usage.gpu_energy_j == []
    assert usage.energy_between(0.0, math.inf) is None


def test_energy_is_interpolated_between_its_own_instants():
    usage = Usage(gpu_times_s=[0.0, 1.0, 2.0], gpu_energy_j=[10.0, 110.0, 310.0])
    assert usage.energy_between(0.5, 1.5) == pytest.approx(150)
    assert usage.energy_between(5.0, 6.0) is None


def test_a_library_is_any_object_with_these_functions():
    library = SimpleNamespace(
        NVMLError=NotToBeHadError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: 2_500,
    )
    found = open_meter(lambda: library)
    assert found is not None
    assert found.read_j() == 2.5
