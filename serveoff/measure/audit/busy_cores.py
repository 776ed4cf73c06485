"""What the run's cores did for whoever else is on the machine."""

import time
from collections.abc import Collection

import psutil

BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
"""What counts of a core's time; `steal` is what the host took from a virtual machine, for others too."""


def busy_s(cpus: Collection[int]) -> float | None:
    """Seconds that these cores have worked so far, but for this process; None without cores or where nothing tells."""
    try:
        times = psutil.cpu_times(percpu=True)
    except (OSError, RuntimeError):
        return None
    if not cpus or max(cpus) >= len(times):
        return None
    return float(sum(getattr(times[cpu], name, 0.0) for cpu in cpus for name in BUSY)) - time.process_time()


def of_others(before_s: float | None, after_s: float | None, *ours_s: float | None) -> float | None:
    """CPU seconds of others between two readings: all of the work but ours; None where it cannot be told.

    Cores are read in ticks of the kernel: of a short slice it is coarse and may be below 0; sums say something.
    """
    if before_s is None or after_s is None or any(own is None for own in ours_s):
        return None
    return after_s - before_s - sum(own or 0.0 for own in ours_s)
