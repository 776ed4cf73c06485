"""Where deployments run: one module per runtime, found by its name."""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from rich.console import Console

from serveoff.errors import UsageError
from serveoff.measure.audit.readings import Reading
from serveoff.record.resources import Container
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Deployment


class Server(Protocol):
    """One running deployment."""

    @property
    def deployment(self) -> Deployment:
        """What it serves."""

    @property
    def addresses(self) -> Mapping[str, str]:
        """Port name to `host:port`."""

    @property
    def pid(self) -> int:
        """The process that leads it."""

    @property
    def log(self) -> Path:
        """Where its output goes."""

    @property
    def spawned_at(self) -> float:
        """`time.perf_counter()` just before the process was started."""

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """What a floor is spoken to by, through its stdin and stdout; None for a server in a container."""

    @property
    def created(self) -> tuple[float | None, float | None]:
        """Seconds that its container took to be made, and to be started; None for a process."""

    def inspect(self) -> Container | None:
        """What is true inside its container; None for a process."""

    def kernel(self, name: str) -> str:
        """The texts of /proc/<pid>/<name> of all its processes, one after the other; `name` may hold a `*`.

        Empty where there is no /proc, or nothing runs.
        """

    def output(self, *command: str) -> str:
        """What a short command prints where the server runs; empty where it cannot be run."""

    def pids(self) -> frozenset[int]:
        """Its processes, as this machine numbers them; quick, for it is asked around every slice."""

    def read(self) -> Reading:
        """What it has used so far; quick, for it is asked at both ends of every window."""

    def memory_bytes(self) -> int | None:
        """The proportional set sizes of its processes, summed; slow, and asked while it rests. None: not known."""

    def ended(self) -> str:
        """How it ended, in words; empty while it runs."""

    def freeze(self) -> None:
        """Stop it where it stands: it keeps its memory and uses no CPU."""

    def thaw(self) -> None:
        """Let it go on."""

    def use_cores(self, cores: Sequence[int]) -> None:
        """Let all its threads, and those that it starts from then on, run on these cores and no others."""

    def stop(self) -> None:
        """End it and everything it started."""


class Client(Protocol):
    """A place that the load generator runs in."""

    def running(self, arguments: Sequence[str], log: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run Locust with these arguments for the body, its input and output ours, and leave nothing of it behind."""

    def address(self, server: Server, port_name: str) -> str:
        """`host:port` of a server's port, as the load generator reaches it."""


class Runtime(Protocol):
    """Starts deployments, and has a place for the load generator."""

    def resolve(self, deployment: Deployment) -> tuple[Deployment, str]:
        """The deployment that this runtime will truly start, and a note where it is a stand-in."""

    def start(self, deployment: Deployment) -> Server:
        """Start it; it is not yet ready when this returns."""

    def stop(self, servers: Sequence[Server]) -> None:
        """End these servers of its own together, in about the time that one takes."""

    @property
    def engine(self) -> str | None:
        """The container engine, in words; None for processes."""

    def client(self) -> Client:
        """Where the load generator runs."""

    def close(self) -> None:
        """Remove whatever is left of what this run started, and nothing else."""


@dataclass(frozen=True)
class Preparation:
    """What a runtime must know before a run begins: the model, the endpoints wanted, the device."""

    model: str
    patterns: tuple[str, ...]
    device: str
    console: Console
    extra: tuple[str, ...] = ()
    """Formats that are measured because they were asked for."""


class RuntimeModule(Protocol):
    """What `serveoff.measure.runtimes.<name>` offers."""

    def prepare(self, request: Preparation) -> None:
        """Have the model exported, and all that a run needs in place, before it begins."""

    def open_runtime(self, settings: RunSettings, folder: Path) -> Runtime:
        """The runtime of one run."""


NAMES = ("local", "docker")


def find_runtime(name: str) -> RuntimeModule:
    """A runtime's module, by its name; UsageError where there is none."""
    if name not in NAMES:
        raise UsageError(f"no runtime is called {name!r}", f"there are: {', '.join(NAMES)}")
    return cast(RuntimeModule, import_module(f"{__name__}.{name}"))
