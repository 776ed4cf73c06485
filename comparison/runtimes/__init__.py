"""Where deployments run: one module per runtime, found by its name.

A runtime module has `open_runtime(cpus, work_dir) -> Runtime`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import IO, Protocol

from comparison.cpus import CpuPlan
from comparison.deployments import Deployment
from comparison.resources import TreeUsage


class Server(Protocol):
    """One running deployment."""

    @property
    def deployment(self) -> Deployment:
        """What it serves."""
        ...

    @property
    def addresses(self) -> Mapping[str, str]:
        """Port name to `host:port`."""
        ...

    @property
    def pid(self) -> int:
        """The process that leads it."""
        ...

    @property
    def log(self) -> Path:
        """Where its output goes."""
        ...

    @property
    def spawned_at(self) -> float:
        """`time.perf_counter()` just before the process was started."""
        ...

    @property
    def stdin(self) -> IO[bytes] | None:
        """The input of a floor; None for a server."""
        ...

    @property
    def stdout(self) -> IO[bytes] | None:
        """The output of a floor; None for a server."""
        ...

    def ended(self) -> str:
        """How it ended, in words; empty while it runs."""
        ...

    def freeze(self) -> None:
        """Stop it where it stands: it keeps its memory and uses no CPU."""
        ...

    def thaw(self) -> None:
        """Let it go on."""
        ...

    def stop(self) -> None:
        """End it and everything it started."""
        ...

    def sampling(self) -> AbstractContextManager[TreeUsage]:
        """Sample its CPU seconds and memory while the body runs."""
        ...


class Runtime(Protocol):
    """Starts deployments."""

    def resolve(self, deployment: Deployment) -> tuple[Deployment, str]:
        """The deployment that this runtime will truly start, and a note where it is a stand-in."""
        ...

    def start(self, deployment: Deployment) -> Server:
        """Start it; it is not yet ready when this returns."""
        ...


def open_runtime(name: str, cpus: CpuPlan, work_dir: Path, settings: Mapping[str, str]) -> Runtime:
    """Load `comparison.runtimes.<name>`; `settings` override each deployment's environment."""
    runtime: Runtime = import_module(f"{__name__}.{name}").open_runtime(cpus, work_dir, settings)
    return runtime
