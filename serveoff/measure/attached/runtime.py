"""A runtime that also holds endpoints which it neither starts nor stops."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from serveoff.measure.attached.meters import Meter
from serveoff.measure.audit.readings import Reading
from serveoff.measure.runtimes import Client, Runtime, Server
from serveoff.services.registry import Deployment


@dataclass(frozen=True)
class AttachedServer:
    """An endpoint as it is seen from outside; always awake."""

    deployment: Deployment
    addresses: Mapping[str, str]
    meter: Meter
    log: Path = Path(os.devnull)
    spawned_at: float = field(default_factory=time.perf_counter)
    pid: int = 0
    process: None = None
    created: tuple[None, None] = (None, None)

    def inspect(self) -> None:
        """Nothing of it can be looked into."""

    def kernel(self, name: str) -> str:
        """Nothing is known of its processes."""
        return ""

    def output(self, *command: str) -> str:
        """Nothing can be run beside it."""
        return ""

    def pids(self) -> frozenset[int]:
        """Those that were named beside its URL."""
        return self.meter.pids()

    def read(self) -> Reading:
        """What can be read beside its URL."""
        return self.meter.read()

    def memory_bytes(self) -> int | None:
        """The same."""
        return self.meter.memory_bytes()

    def ended(self) -> str:
        """Only of a process that was named is it known."""
        return self.meter.ended()

    def freeze(self) -> None:
        """It stays awake."""

    def thaw(self) -> None:
        """It was awake."""

    def use_cores(self, cores: Sequence[int]) -> None:
        """It runs where it runs."""

    def stop(self) -> None:
        """It goes on."""


@dataclass(frozen=True)
class WithAttached:
    """A runtime whose attached deployments are where they are; all others are its own."""

    own: Runtime
    addresses: Mapping[str, Mapping[str, str]]
    """By deployment: its protocol to `host:port`."""
    meters: Mapping[str, Meter]

    @property
    def engine(self) -> str | None:
        """Of the own ones."""
        return self.own.engine

    def resolve(self, deployment: Deployment) -> tuple[Deployment, str]:
        """An attached one is what it is."""
        return (deployment, "") if deployment.attached else self.own.resolve(deployment)

    def start(self, deployment: Deployment) -> Server:
        """An attached one runs already."""
        if not deployment.attached:
            return self.own.start(deployment)
        return AttachedServer(deployment, self.addresses[deployment.name], self.meters[deployment.name])

    def stop(self, servers: Sequence[Server]) -> None:
        """The own ones."""
        self.own.stop([server for server in servers if not server.deployment.attached])

    def client(self) -> Client:
        """A process of this machine."""
        return self.own.client()

    def close(self) -> None:
        """Nothing is left of what was attached."""
        self.own.close()
