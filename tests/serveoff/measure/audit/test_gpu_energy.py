"""The meter of GPUs, with a library like NVIDIA's in its place."""

import sys
import time
from types import SimpleNamespace

import pytest

from serveoff.measure.audit.gpu_energy import nvml, open_meter
from serveoff.measure.audit.process_tree import Usage, sampling
from serveoff.measure.locust_driver import server_usage


class NotToBeHadError(Exception):
    """What the library raises."""


class Library:
    """NVML with some GPUs, each of which draws a constant power in watts; None: it does not count its energy."""

    NVMLError = NotToBeHadError

    def __init__(self, *watts, driver=True):
        self.watts, self.driver, self.fails, self.began = watts, driver, False, time.time()

    def nvmlInit(self):  # noqa: N802
        if not self.driver:
            raise NotToBeHadError("Driver Not Loaded")

    def nvmlDeviceGetCount(self):  # noqa: N802
        return len(self.watts)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return self.watts[index]

    def nvmlDeviceGetTotalEnergyConsumption(self, watts):  # noqa: N802
        if watts is None or self.fails:
            raise NotToBeHadError("Not Supported")
        return int(1e3 * watts * (time.time() - self.began))


def meter(*watts):
    found = open_meter(lambda: Library(*watts))
    assert found is not None
    return found


def test_all_gpus_are_summed_in_joules():
    two = meter(100, 200)
    two.library.began -= 10
    assert two.read_j() == pytest.approx(3000, rel=0.01)


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
    found = open_meter()
    assert found is None or found.read_j() >= 0


def test_it_is_not_imported_before_it_is_needed():
    assert "serveoff.measure.audit.gpu_energy" in sys.modules
    assert not hasattr(sys.modules["serveoff.measure.audit.gpu_energy"], "pynvml")


def test_energy_is_sampled_beside_the_rest_and_read_between_two_instants():
    with sampling(lambda usage: None, meter(50, 150)) as usage:
        began = time.time()
        time.sleep(0.6)
        ended = time.time()
    used = server_usage(usage, began, ended - began)
    assert used["gpu_energy_j"] == pytest.approx(200 * (ended - began), rel=0.1)
    assert used["server_cpu_s"] is None


def test_a_meter_that_fails_leaves_a_gap_and_no_zero():
    failing = meter(50)
    failing.library.fails = True
    with sampling(lambda usage: None, failing) as usage:
        time.sleep(0.2)
    assert usage.energy_between(0.0, time.time()) is None


def test_without_a_meter_nothing_is_known():
    with sampling(lambda usage: None) as usage:
        pass
    assert usage.gpu_energy_j == []
    assert usage.energy_between(0.0, time.time()) is None


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
