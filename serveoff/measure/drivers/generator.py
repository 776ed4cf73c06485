"""The load generator of a run: one Locust process, told over its input what to drive, which answers over its output.

The protocol is that of serveoff.loadtests.generator. Whatever it does, the run goes on: an answer that does not come is
a problem of the slice, and a generator that ended is started once more.
"""

import json
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from serveoff.interrupts import shielded
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator.commands import (
    Command,
    Drive,
    EndpointCommand,
    HangUpCommand,
    SamplesCommand,
    SliceCommand,
)
from serveoff.loadtests.generator.rows import Rows, decoded
from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.measure.attached.session import Attached
from serveoff.measure.drivers.lines import Lines
from serveoff.measure.runtimes import Client, Server, processes
from serveoff.services.registry import Endpoint

ARGUMENTS: Final = ("--headless", "--commands")
LOG: Final = Path("logs") / "locust.log"
READY_S: Final = 60.0
ANSWER_GRACE_S: Final = 30.0
"""Beyond a slice and its last answers: making requests, checking answers."""
WORKERS_S: Final = 300
"""So long it waits for its workers to join."""


class GeneratorFailed(Exception):
    """It ended, was silent, or refused; `problem` says which."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.problem = WindowProblem(code=WindowCode.GENERATOR_FAILED, text=text, advice=f"see {LOG}")


class GeneratorRefused(GeneratorFailed):
    """It says what went wrong, and can be asked for something else."""


@dataclass(frozen=True)
class Driven:
    """What came of a slice: fields of a Window, and its rows."""

    window: dict[str, Any]
    served: int
    rows: Rows


class Generator:
    """Drives endpoints where they are; its process begins with the first slice, and anew after it failed.

    `samples` are what it sends instead of the golden inputs. `master` are the options that make it Locust's
    master, whose workers send; none: it sends itself.
    """

    def __init__(
        self,
        client: Client,
        folder: Path,
        samples: Sequence[SamplesCommand] = (),
        attached: Attached | None = None,
        master: Sequence[str] = (),
    ) -> None:
        self._client, self._folder, self._samples = client, folder, samples
        self._attached = attached or Attached()
        self._master = tuple(master)
        self._stack = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: Lines | None = None
        self._placed: dict[str, tuple[str, float]] = {}
        self.request_bytes: dict[str, int] = {}
        """Mean size of a request body of each endpoint that was driven."""

    def drive(self, endpoint: Endpoint, server: Server, drive: Drive, opened: Callable[[], None]) -> Driven:
        """One slice; `opened` is called when its window begins. GeneratorFailed where nothing came of it."""
        try:
            self._place(endpoint, server)
            return self._slice(endpoint, drive, opened)
        except BaseException as error:  # after an interrupt, too, it is amid a slice: nothing more can be asked of it
            if not (self._master and isinstance(error, GeneratorRefused)):  # workers would end with their master
                self.close()
            raise

    def begin(self) -> None:
        """Start its process, unless it runs; GeneratorFailed where that, or a worker, is not ready in time."""
        if self._process is not None:
            return
        self._process = self._stack.enter_context(self._client.running((*ARGUMENTS, *self._master), self._folder / LOG))
        assert self._process.stdout is not None
        self._lines = Lines(self._process.stdout)
        self._read(READY_S + (WORKERS_S if self._master else 0), "ready")
        for samples in self._samples:
            self._tell(samples)

    def hang_up(self, endpoint: Endpoint) -> None:
        """Close its connections, for its server is about to end."""
        if self._placed.pop(endpoint.name, None) is not None:
            with suppress(GeneratorFailed):  # the next slice will say it
                self._tell(HangUpCommand(endpoint=endpoint.name))

    def close(self) -> None:
        """End its process."""
        with shielded():
            self._process, self._placed = None, {}
            self._stack.close()

    def _slice(self, endpoint: Endpoint, drive: Drive, opened: Callable[[], None]) -> Driven:
        self._tell(SliceCommand.of(endpoint.name, drive))
        patience_s = drive.lead_in_s + drive.duration_s + drive.timeout_s + ANSWER_GRACE_S
        event = self._read(patience_s, "open", "done")
        if event["event"] == "open":
            opened()
            event = self._read(patience_s, "done")
        return Driven(event["window"], event["served"], decoded(event["rows"]))

    def _place(self, endpoint: Endpoint, server: Server) -> None:
        """Say where it is, unless that is known."""
        address = self._client.address(server, endpoint.protocol)
        place = address, server.spawned_at  # a container that is started anew has the address of the last one
        if self._process is not None and self._placed.get(endpoint.name) == place:
            return
        self.begin()
        self._tell(self._where(endpoint, server, address))
        self.request_bytes[endpoint.name] = self._read(READY_S, "endpoint")["request_bytes"]
        self._placed[endpoint.name] = place

    def _where(self, endpoint: Endpoint, server: Server, address: str) -> EndpointCommand:
        d, (host, _, port) = endpoint.deployment, address.rpartition(":")
        if d.attached:
            return EndpointCommand(target=self._attached.targets[d.name], exchange=self._attached.exchanges[d.name])
        port_name, _, path = d.counters.partition("/")
        counters = f"http://{self._client.address(server, port_name)}/{path}" if port_name else ""
        how = d.model, d.format, d.path, d.grpc_api, d.precision
        target = Target(endpoint.name, endpoint.protocol, host, int(port), *how)
        return EndpointCommand(target=target, counters=counters)

    def _tell(self, command: Command) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(command.model_dump_json().encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise GeneratorFailed(f"the load generator ended ({self._ended()})") from None

    def _read(self, patience_s: float, *wanted: str) -> dict[str, Any]:
        assert self._lines is not None
        try:
            line = self._lines.next(patience_s)
        except TimeoutError:
            raise GeneratorFailed(f"the load generator was silent for {patience_s:.0f} s") from None
        if not line:
            raise GeneratorFailed(f"the load generator ended ({self._ended()})")
        event: dict[str, Any] = json.loads(line)
        if event["event"] not in wanted:
            raise GeneratorRefused(f"the load generator failed: {event.get('text', event['event'])}")
        return event

    def _ended(self) -> str:
        assert self._process is not None
        try:
            return processes.describe_exit(self._process.wait(timeout=2))
        except subprocess.TimeoutExpired:
            return "it closed its output"
