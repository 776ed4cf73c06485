"""The servers of one run: one awake, the others frozen, or stopped where memory is short; or all awake together."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from serveoff.interrupts import shielded
from serveoff.measure.audit.cgroups import memory_left, own_groups
from serveoff.measure.drivers.inprocess import wait_floor
from serveoff.measure.readiness import wait_ready
from serveoff.measure.runtimes import Runtime, Server
from serveoff.services.registry import Deployment

MEMORY_RESERVE_BYTES = 2 * 2**30


class Fleet:
    """Starts, freezes and stops servers; whatever happens, `close` leaves none behind."""

    def __init__(
        self,
        runtime: Runtime,
        reserve_bytes: int = MEMORY_RESERVE_BYTES,
        *,
        together: bool = False,
        earlier: int = 0,
    ) -> None:
        """`earlier` is the last start of a run that is resumed: every deployment begins at the next."""
        self._runtime = runtime
        self._starts: dict[str, int] = defaultdict(lambda: earlier)
        self._together = together
        self._reserve_bytes = reserve_bytes
        self._servers: dict[str, Server] = {}
        self._again: set[str] = set()

    def start(self, deployment: Deployment) -> Server:
        """Spawn a deployment; the caller waits for it, so as to time its cold start."""
        with shielded():
            server = self._spawn(deployment)
            self._starts[deployment.name] += 1
        return server

    def _spawn(self, deployment: Deployment) -> Server:
        server = self._servers[deployment.name] = self._runtime.start(deployment)
        return server

    def start_number(self, deployment: Deployment) -> int:
        """Which start of it was the last, from 1; those of earlier processes of the run are counted."""
        return self._starts[deployment.name]

    def wake(self, deployment: Deployment) -> Server:
        """The deployment's server, thawed; where it was stopped to save memory another, of the same start."""
        server = self._servers.get(deployment.name)
        if server is None:
            with shielded():
                server = self._spawn(deployment)
                self._again.add(deployment.name)
            if deployment.ready:
                wait_ready(server)
            elif "call" in deployment.protocols:
                wait_floor(server)
        server.thaw()
        return server

    def is_cold(self, deployment: Deployment) -> bool:
        """Whether `wake` has just started another server of it; it is told once."""
        cold = deployment.name in self._again
        self._again.discard(deployment.name)
        return cold

    def rest(self, deployment: Deployment) -> None:
        """Freeze a server, or stop it where less than the reserve of memory is left; together, all stay awake."""
        server = self._servers.get(deployment.name)
        if server is None or self._together:
            return
        if self._available_bytes() < self._reserve_bytes:
            self.stop(deployment)
        else:
            server.freeze()

    def _available_bytes(self) -> int:
        """Of this machine; servers that are processes have no more than the control groups that hold this one, too."""
        available = int(psutil.virtual_memory().available)
        within = memory_left(own_groups()) if self._runtime.engine is None else None
        return available if within is None else min(available, within)

    def memory(self) -> dict[str, int]:
        """Deployment to the memory of its server, of those that are up and where it can be read."""
        read = {name: server.memory_bytes() for name, server in self._servers.items()}
        return {name: size for name, size in read.items() if size is not None}

    @contextmanager
    def apart(self, deployment: Deployment) -> Iterator[Server]:
        """A fresh server for the body, beside those that rest; no other may have its name. It is ended afterwards."""
        try:
            yield self.start(deployment)
        finally:
            self.stop(deployment)

    def stop(self, deployment: Deployment) -> None:
        """End a server."""
        with shielded():
            server = self._servers.pop(deployment.name, None)
            if server is not None:
                server.stop()

    def close(self) -> None:
        """End every server, all at once."""
        with shielded():
            self._runtime.stop(list(self._servers.values()))
            self._servers.clear()
