"""Joules that the GPUs of this machine have used, by NVIDIA's management library (NVML).

The counter is of whole boards since the driver was loaded, idle power included, and exists from Volta on:
https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html, nvmlDeviceGetTotalEnergyConsumption.
"""

from dataclasses import dataclass
from typing import Any, Final

from serveoff.measure.audit.nvml import find_gpus

MILLIJOULE: Final = 1e-3


@dataclass(frozen=True)
class Meter:
    """All GPUs that NVML lists; `library` is the module `pynvml` or what offers the same functions."""

    library: Any
    handles: tuple[Any, ...]

    def read_j(self) -> float | None:
        """Joules used so far by all of them together; None where one cannot tell, for the others are not the sum."""
        try:
            used = [int(self.library.nvmlDeviceGetTotalEnergyConsumption(handle)) for handle in self.handles]
        except self.library.NVMLError:
            return None
        return sum(used) * MILLIJOULE


def open_meter() -> Meter | None:
    """A meter of this machine's GPUs; None without NVML, without a GPU, or where one does not count its energy."""
    found = find_gpus()
    meter = Meter(*found) if found is not None else None
    return meter if meter is not None and meter.read_j() is not None else None
