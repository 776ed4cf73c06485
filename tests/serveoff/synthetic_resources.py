"""What is seen inside a server's processes, as a run on this machine finds it where all is as it was asked for."""

from __future__ import annotations

from typing import Any

from serveoff.record.resources import Resources

PROCESSES = {"tfserving-embedded": 1, "torchserve": 3, "flask": 2, "inprocess": 1}
THREADS = {"tfserving-embedded": 17, "torchserve": 25, "flask": 6, "inprocess": 5}
ASKED = {"workers": 1, "threads_per_worker": 1, "intra_op_threads": 1, "batch_size": 1, "batch_delay_ms": 0}


def resources(server: str, format: str, changes: dict[str, Any]) -> Resources:
    """One server's, but for `changes`."""
    told: dict[str, int | None] = {"intra_op_threads": None if format == "null" else 1}
    if server != "inprocess":
        told |= {"threads_per_worker": 1, "batch_size": 1, "batch_delay_ms": int(server == "torchserve")}
    if server in ("flask", "torchserve"):
        told["workers"] = 1
    sound = Resources(
        cpus=[0],
        processes=PROCESSES[server],
        os_threads=THREADS[server],
        os_threads_at_end=THREADS[server] + (server == "torchserve"),
        asked=ASKED,
    )
    return sound.model_copy(update=told | changes)
