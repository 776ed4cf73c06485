"""Where a run took place, and with what."""

from serveoff.record.base import Record


class Machine(Record):
    """Where the run took place. `id` is a short digest of the hardware and kernel; no host name is kept."""

    id: str
    cpu_model: str
    cores: int
    memory_bytes: int
    system: str
    accelerators: list[str] = []
    """The names of its GPUs, one each; of NVIDIA's only."""


class Environment(Record):
    """Machine, package versions, and the commit of the code that measured."""

    machine: Machine
    versions: dict[str, str]
    engine: str | None = None
    """The container engine and Compose that ran the deployments; None for processes."""
    git_commit: str | None = None
    git_dirty: bool = False
