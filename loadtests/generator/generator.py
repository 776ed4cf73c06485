"""Does what it is commanded, one command after another; nothing but a slice's requests lies between its instants."""

import gc
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, Protocol, cast

from serveoff.loadtests.answer_check import Verified
from serveoff.loadtests.attached.requests import pool_of
from serveoff.loadtests.clock import Clock
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator.commands import (
    Command,
    Drive,
    EndpointCommand,
    HangUpCommand,
    PrepareCommand,
    SamplesCommand,
    SliceCommand,
    parse_command,
)
from serveoff.loadtests.generator.recording import Recording
from serveoff.loadtests.generator.results import done
from serveoff.loadtests.loads import Load, parse_load
from serveoff.loadtests.pools import Pool, make_pool
from serveoff.loadtests.protocols.framing import bare
from serveoff.loadtests.samples import NULL_FORMAT, SamplesError
from serveoff.loadtests.server_counters import grown, read_counters
from serveoff.models.agreement import UNSEEN
from serveoff.models.golden import Golden
from serveoff.models.spec import ModelSpec

FAULTS: Final = (ValueError, LookupError, OSError, ImportError, RuntimeError, SamplesError)
"""What a command may fail by; the next one is done all the same."""


class Tell(Protocol):
    """Tells an event to whoever commands."""

    def __call__(self, event: str, **fields: Any) -> None:
        """BrokenPipeError where nobody listens any more."""


class Driver(Protocol):
    """The connections of one endpoint: the class of this name in the protocol's module of this package."""

    def requests(self, pool: Pool) -> list[Any]:
        """What this protocol sends."""

    def drive(self, recording: Recording, requests: list[Any]) -> None:
        """One slice, until its last request was answered or given up."""

    def close(self) -> None:
        """Hang up."""


@dataclass
class _Endpoint:
    told: EndpointCommand
    driver: Driver
    requests: dict[tuple[str, int], list[Any]] = field(default_factory=dict)
    """By payload and rows."""
    verified: dict[tuple[str, int], Verified] = field(default_factory=dict)
    """The same."""
    made: Pool | None = None
    """Of an attached endpoint, all that it is ever sent."""


class Generator:
    """Endpoints by name, and the requests that are sent to them.

    Requests of equal bodies are one pool, whatever endpoints they go to.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._endpoints: dict[str, _Endpoint] = {}
        self._pools: dict[tuple[object, ...], Pool] = {}
        self._samples: dict[str, tuple[Golden | None, ModelSpec | None, bool]] = {}
        """By model; and whether no format was exported with them."""
        _settle()

    def obey(self, line: bytes) -> None:
        """One command; what goes wrong is told. BrokenPipeError where nobody listens any more."""
        obey(line, self._obey, self._tell)

    def _obey(self, command: Command) -> None:
        match command:
            case SamplesCommand():
                self._samples[command.model] = command.samples, command.spec, command.unseen
            case EndpointCommand():
                self._endpoint(command)
            case HangUpCommand():
                self._hang_up(command.endpoint)
            case PrepareCommand():
                self._requests(self._known(command.endpoint), parse_load(command.load))
                self._tell("prepared")
            case SliceCommand():
                self._slice(command)

    def _hang_up(self, name: str) -> None:
        if known := self._endpoints.pop(name, None):
            known.driver.close()

    def _endpoint(self, command: EndpointCommand) -> None:
        name = command.target.name
        self._hang_up(name)
        made = pool_of(command.exchange) if command.exchange else None
        endpoint = _Endpoint(command, _driver(command), made=made)
        self._endpoints[name] = endpoint
        own = self._pool(endpoint, Load())
        self._tell("endpoint", name=name, payload=own.payload.kind, request_bytes=own.request_bytes)

    def _slice(self, command: SliceCommand) -> None:
        endpoint, drive = self._known(command.endpoint), command.drive
        pool, requests = self._pool(endpoint, drive.load), self._requests(endpoint, drive.load)
        verified = endpoint.verified.setdefault((drive.load.payload, drive.load.batch), self._verified(endpoint))
        recording = Recording(drive, lambda: self._opened(drive), verified, pool.most_answer_bytes)
        page = endpoint.told.counters if drive.counters else ""
        before = read_counters(page) if page else None
        gc.disable()
        try:
            if drive.part:
                _wait_until(drive.part.begins_s)
            endpoint.driver.drive(recording, requests)
        finally:
            gc.enable()
        after = read_counters(page) if before is not None else None
        counted = grown(before, after) if before is not None and after is not None else {}
        self._tell("done", **done(recording, pool, counted))

    def _opened(self, drive: Drive) -> None:
        """A worker is silent: its master knows when the window opens."""
        if drive.part is None:
            self._tell("open")

    def _known(self, name: str) -> _Endpoint:
        if name not in self._endpoints:
            raise LookupError(f"no endpoint {name} was announced")
        return self._endpoints[name]

    def _requests(self, endpoint: _Endpoint, load: Load) -> list[Any]:
        key = load.payload, load.batch
        if key not in endpoint.requests:
            endpoint.requests[key] = endpoint.driver.requests(self._pool(endpoint, load))
        return endpoint.requests[key]

    def _pool(self, endpoint: _Endpoint, load: Load) -> Pool:
        if endpoint.made is not None:
            if load.payload or load.batch > 1:
                raise ValueError(f"{load.text}: an attached endpoint is sent its own requests, one row each")
            return endpoint.made
        target = endpoint.told.target
        sends = target.protocol, target.grpc_api, target.model, load.payload, load.batch
        key = (*sends, target.format == NULL_FORMAT)
        if key not in self._pools:
            samples, spec, _ = self._samples_of(target)
            self._pools[key] = make_pool(target, bare, load.payload, load.batch, samples=samples, spec=spec)
            _settle()
        return self._pools[key]

    def _verified(self, endpoint: _Endpoint) -> Verified:
        target = endpoint.told.target
        _, _, unseen = self._samples_of(target)
        return Verified(not target.precision, UNSEEN if unseen and endpoint.made is None else 1.0)

    def _samples_of(self, target: Target) -> tuple[Golden | None, ModelSpec | None, bool]:
        return self._samples.get(target.model, (None, None, False))


def obey(line: bytes, do: Callable[[Command], None], tell: Tell) -> None:
    """Have one command done, and tell what it fails by. BrokenPipeError where nobody listens any more."""
    try:
        do(parse_command(line))
    except BrokenPipeError:
        raise
    except FAULTS as error:
        tell("error", text=f"{type(error).__name__}: {error}")


def _driver(command: EndpointCommand) -> Driver:
    target, exchange = command.target, command.exchange
    package, how = ("generator", (target,)) if exchange is None else ("attached.drivers", (target, exchange))
    module = importlib.import_module(f"serveoff.loadtests.{package}.{target.protocol}")
    return cast(Driver, module.Driver(*how))


def _wait_until(instant: float) -> None:
    """perf_counter seconds; other greenlets run meanwhile."""
    if perf_counter() < instant:
        clock = Clock()
        clock.wait_until(instant)
        clock.close()


def _settle() -> None:
    """What is alive now stays so: the collector need not walk it again."""
    gc.collect()
    gc.freeze()
