"""A container's control group on this machine: its processes, and the freezer, without the engine.

`docker pause` takes 12 ms each way, and as much for `docker unpause`; to write to the freezer takes 0.1 ms. The engine
then does not know that the container is frozen.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from docker.models.containers import Container

from serveoff.measure.audit.cgroups import ROOT, control_groups

FROZEN_WITHIN_S: Final = 0.1
"""A process that waits for a disk is frozen when it goes on; nothing waits for that."""
PAUSE_S: Final = 0.0002
FREEZERS: Final = {
    "freezer": ("freezer.state", "FROZEN", "THAWED", "freezer.state", "FROZEN"),
    "": ("cgroup.freeze", "1", "0", "cgroup.events", "frozen 1"),
}
"""Of versions 1 and 2, by controller: the fields of a ControlGroup after its folder."""


@dataclass(frozen=True)
class ControlGroup:
    """The folder of one container's processes, and what its freezer's files are called and say.

    https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html and
    https://docs.kernel.org/admin-guide/cgroup-v2.html#core-interface-files.
    """

    folder: Path
    switch: str
    freeze_word: str
    thaw_word: str
    events: str
    frozen_line: str

    @property
    def can_freeze(self) -> bool:
        """Whether this process may write to the freezer; most users may not."""
        return os.access(self.folder / self.switch, os.W_OK)

    def pids(self) -> frozenset[int]:
        """Its processes; none where it is gone."""
        with suppress(OSError):
            return frozenset(map(int, (self.folder / "cgroup.procs").read_text().split()))
        return frozenset()

    def freeze(self) -> None:
        """Stop its processes where they stand. OSError where the group is gone."""
        end = time.monotonic() + FROZEN_WITHIN_S
        # Once more each time: version 1 may stay `FREEZING` where a process was just being made.
        self._write(self.freeze_word)
        while self.frozen_line not in self._events() and time.monotonic() < end:
            time.sleep(PAUSE_S)
            self._write(self.freeze_word)

    def thaw(self) -> None:
        """Let them go on. OSError where the group is gone."""
        self._write(self.thaw_word)

    def _write(self, word: str) -> None:
        (self.folder / self.switch).write_text(word)

    def _events(self) -> list[str]:
        return (self.folder / self.events).read_text().splitlines()


def control_group(container: Container, proc: Path = Path("/proc"), root: Path = ROOT) -> ControlGroup | None:
    """Of a container on this machine; None where it is not seen from here, or has ended."""
    with suppress(OSError, KeyError, ValueError):
        groups = control_groups((proc / str(container.attrs["State"]["Pid"]) / "cgroup").read_text(), root)
        version = "freezer" if "freezer" in groups else ""
        found = ControlGroup(groups[version], *FREEZERS[version])
        # Where process ids are not those of the engine, this would be the group of some other process.
        return found if str(container.id) in found.folder.name else None
    return None
