"""What the run's cores did for whoever else is on the machine."""

import os
import re
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import psutil

from serveoff.measure.audit.cgroups import read_file

STAT: Final = Path("/proc/stat")
"""It has a line for each core that is online, with the core's number: proc_stat(5)."""
FIELDS: Final = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
BUSY: Final = ("user", "nice", "system", "irq", "softirq", "steal")
"""What counts of a core's time; `steal` is what the host took from a virtual machine, for others too."""
_CORE = re.compile(r"^cpu(\d+) +(.+)$", re.MULTILINE)


def busy_s(cpus: Collection[int], stat: Path = STAT) -> float | None:
    """Seconds that these cores have worked so far, but for this process; None without cores or where nothing tells."""
    worked = _worked_s(stat)
    if not cpus or not worked.keys() >= {*cpus}:
        return None
    return sum(worked[cpu] for cpu in cpus) - time.process_time()


def of_others(before_s: float | None, after_s: float | None, *ours_s: float | None) -> float | None:
    """CPU seconds of others between two readings: all of the work but ours; None where it cannot be told.

    Cores are read in ticks of the kernel: of a short slice it is coarse and may be below 0; sums say something.
    """
    if before_s is None or after_s is None or any(own is None for own in ours_s):
        return None
    return after_s - before_s - sum(own or 0.0 for own in ours_s)


def _worked_s(stat: Path) -> Mapping[int, float]:
    """By the core's number, for psutil's place in a list is another one where a core before it is offline."""
    if sys.platform == "linux":
        cores = {
            int(core): dict(zip(FIELDS, times.split(), strict=False)) for core, times in _CORE.findall(read_file(stat))
        }
        tick_s = 1 / os.sysconf("SC_CLK_TCK")
        return {core: tick_s * sum(int(times[name]) for name in BUSY) for core, times in cores.items()}
    listed = enumerate(psutil.cpu_times(percpu=True))
    return {core: sum(getattr(times, name, 0.0) for name in BUSY) for core, times in listed}
