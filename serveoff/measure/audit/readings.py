"""What a server has used so far, read at the two ends of a window."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reading:
    """Totals since the server began, at one instant: seconds, bytes, joules. None: not known there."""

    cpu_s: float | None = None
    network_in_bytes: int | None = None
    network_out_bytes: int | None = None
    throttled_s: float | None = None
    energy_j: float | None = None
    """Of all GPUs of the machine."""
    group_throttled_s: float | None = None
    """Of the control groups of the run itself; None where no CPU limit holds there."""


def used(before: Reading, after: Reading) -> dict[str, Any]:
    """The fields of a Window that say what the server used in it, and for how long a limit held it back."""
    return {
        "server_cpu_s": _grown(before.cpu_s, after.cpu_s),
        "server_network_in_bytes": _grown(before.network_in_bytes, after.network_in_bytes),
        "server_network_out_bytes": _grown(before.network_out_bytes, after.network_out_bytes),
        "server_throttled_s": _grown(before.throttled_s, after.throttled_s),
        "gpu_energy_j": _grown(before.energy_j, after.energy_j),
        "group_throttled_s": _grown(before.group_throttled_s, after.group_throttled_s),
    }


def _grown(before: Any, after: Any) -> Any:
    """None where it is not known at both ends; a total that fell is of another process."""
    return None if before is None or after is None else max(after - before, type(after)(0))
