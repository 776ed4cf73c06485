"""Where a run took place, and with what."""

from serveoff.record.base import Record


class Machine(Record):
    """Where the run took place. `id` is a short digest of hardware, limits and kernel; no host name is kept."""

    id: str
    cpu_model: str
    cores: int
    cpu_limit: float | None = None
    """CPU seconds a second that the control groups of the run may take; None: all that its cores have."""
    memory_bytes: int
    """Or what these groups may take, where that is less."""
    system: str
    accelerators: list[str] = []
    """The names of its GPUs, one each; of NVIDIA's only."""

    @property
    def cores_said(self) -> str:
        """`2 cores`, `2 cores, limited to 0.6`."""
        limited = "" if self.cpu_limit is None else f", limited to {self.cpu_limit:g}"
        return f"{self.cores} {'core' if self.cores == 1 else 'cores'}{limited}"


class Environment(Record):
    """Machine, package versions, and the commit of the code that measured."""

    machine: Machine
    versions: dict[str, str]
    engine: str | None = None
    """The container engine and Compose that ran the deployments; None for processes."""
    git_commit: str | None = None
    git_dirty: bool = False
