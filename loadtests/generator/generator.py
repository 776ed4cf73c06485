"""Does what it is commanded, one command after another; nothing but a slice's requests lies between its instants."""

import gc
import importlib
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

from serveoff.loadtests.answer_check import Verified
from serveoff.loadtests.attached import drivers
from serveoff.loadtests.attached.requests import pool_of
from serveoff.loadtests.generator.commands import (
    Command,
    EndpointCommand,
    HangUpCommand,
    SamplesCommand,
    SliceCommand,
    parse_command,
)
from serveoff.loadtests.generator.protocol import Wire
from serveoff.loadtests.generator.recording import Recording
from serveoff.loadtests.generator.results import done
from serveoff.loadtests.loads import Load
from serveoff.loadtests.pools import Pool, make_pool
from serveoff.loadtests.protocols.framing import bare
from serveoff.loadtests.samples import NULL_FORMAT, SamplesError
from serveoff.loadtests.server_counters import grown, read_counters
from serveoff.models.golden import Golden

FAULTS: Final = (ValueError, LookupError, OSError, ImportError, RuntimeError, SamplesError)
"""What a command may fail by; the next one is done all the same."""


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

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._endpoints: dict[str, _Endpoint] = {}
        self._pools: dict[tuple[object, ...], Pool] = {}
        self._samples: dict[str, Golden] = {}

    def serve(self) -> None:
        """Until the commands end."""
        _settle()
        self._wire.tell("ready")
        for line in self._wire.commands():
            try:
                self._obey(parse_command(line))
            except BrokenPipeError:
                return
            except FAULTS as error:
                self._wire.tell("error", text=f"{type(error).__name__}: {error}")

    def _obey(self, command: Command) -> None:
        match command:
            case SamplesCommand():
                self._samples[command.model] = command.samples
            case EndpointCommand():
                self._endpoint(command)
            case HangUpCommand():
                self._hang_up(command.endpoint)
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
        self._wire.tell("endpoint", name=name, payload=own.payload.kind, request_bytes=own.request_bytes)

    def _slice(self, command: SliceCommand) -> None:
        if command.endpoint not in self._endpoints:
            raise LookupError(f"no endpoint {command.endpoint} was announced")
        endpoint, drive = self._endpoints[command.endpoint], command.drive
        pool, requests = self._pool(endpoint, drive.load), self._requests(endpoint, drive.load)
        verified = endpoint.verified.setdefault((drive.load.payload, drive.load.batch), _verified(endpoint))
        recording = Recording(drive, lambda: self._wire.tell("open"), verified)
        page = endpoint.told.counters if drive.counters else ""
        before = read_counters(page) if page else None
        gc.disable()
        try:
            endpoint.driver.drive(recording, requests)
        finally:
            gc.enable()
        after = read_counters(page) if before is not None else None
        counted = grown(before, after) if before is not None and after is not None else {}
        self._wire.tell("done", **done(recording, pool, counted))

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
            samples = self._samples.get(target.model)
            self._pools[key] = make_pool(target, bare, load.payload, load.batch, samples=samples)
            _settle()
        return self._pools[key]


def _verified(endpoint: _Endpoint) -> Verified:
    return Verified(golden=not endpoint.told.target.precision)


def _driver(command: EndpointCommand) -> Driver:
    target = command.target
    if command.exchange is not None:
        return cast(Driver, drivers.driver_of(target, command.exchange))
    module = importlib.import_module(f"serveoff.loadtests.generator.{target.protocol}")
    return cast(Driver, module.Driver(target))


def _settle() -> None:
    """What is alive now stays so: the collector need not walk it again."""
    gc.collect()
    gc.freeze()
