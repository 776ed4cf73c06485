"""A library like NVIDIA's, NVML, in its place."""

import sys
from contextlib import contextmanager

import pytest

L4 = "NVIDIA L4"


class NotToBeHadError(Exception):
    """What the library raises."""


class Library:
    """NVML with some GPUs, each of which has used so many joules; None: it does not count its energy."""

    NVMLError = NotToBeHadError

    def __init__(self, *joules, driver=True, name=L4):
        self.joules, self.driver, self.fails, self.name = joules, driver, False, name

    def nvmlInit(self):  # noqa: N802
        if not self.driver:
            raise NotToBeHadError("Driver Not Loaded")

    def nvmlDeviceGetCount(self):  # noqa: N802
        return len(self.joules)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return self.joules[index]

    def nvmlDeviceGetName(self, _):  # noqa: N802
        if self.name is None:
            raise NotToBeHadError("GPU is lost")
        return self.name

    def nvmlDeviceGetTotalEnergyConsumption(self, joules):  # noqa: N802
        if joules is None or self.fails:
            raise NotToBeHadError("Not Supported")
        return int(1e3 * joules)


@contextmanager
def installed(library):
    """As if this were the package; None is no package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pynvml", library)
        yield
