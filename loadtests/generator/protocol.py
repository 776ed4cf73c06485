"""What the generator is told and what it tells: one JSON object a line, commands in, events out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from gevent import socket
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from serveoff.loadtests.endpoints import Target

READ_BYTES: Final = 1 << 16


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EndpointCommand(_Command):
    """Where an endpoint is from now on: once before its first slice, and again after each start of its server."""

    command: Literal["endpoint"]
    name: str
    protocol: Literal["rest", "grpc"]
    host: str
    port: int
    model: str
    format: str
    path: str
    grpc_api: str = ""
    counters: str = ""
    """The address of the server's Prometheus page; empty: it has none."""
    model_dir: str = ""
    """Where golden.npz lies, if not in artifacts/."""

    @property
    def target(self) -> Target:
        """As users of Locust's page have it."""
        return Target(self.name, self.protocol, self.host, self.port, self.model, self.format, self.path, self.grpc_api)

    @property
    def folder(self) -> Path | None:
        """The model's folder, if one is named."""
        return Path(self.model_dir) if self.model_dir else None


class SliceCommand(_Command):
    """One slice: `load` as serveoff.loadtests.loads.parse_load reads it; `duration_s` 0 for a warm-up."""

    command: Literal["slice"]
    endpoint: str
    load: str
    lead_in_s: float = Field(ge=0)
    duration_s: float = Field(ge=0)
    seed: int = Field(default=1, ge=0)
    """Of the arrivals of an open loop, of the input that is sent first, and of which answers are checked."""
    timeout_s: float = Field(default=10.0, gt=0)
    """After so long a request failed."""
    answers: int = Field(default=0, ge=0)
    """At most so many answers are checked."""
    counters: bool = False
    """Whether the server's counters are read before and after."""


class CloseCommand(_Command):
    """Forget an endpoint and its connections."""

    command: Literal["close"]
    name: str


Command = Annotated[EndpointCommand | SliceCommand | CloseCommand, Field(discriminator="command")]
_COMMAND: Final[TypeAdapter[EndpointCommand | SliceCommand | CloseCommand]] = TypeAdapter(Command)


def parse_command(line: bytes) -> EndpointCommand | SliceCommand | CloseCommand:
    """ValueError says what is wrong."""
    return _COMMAND.validate_json(line)


class Wire:
    """The two ends: lines of commands come from one file, events go to the other."""

    def __init__(self, commands_fd: int, events_fd: int) -> None:
        self._commands_fd, self._events_fd = commands_fd, events_fd

    @classmethod
    def of_this_process(cls) -> Wire:
        """Its stdin and stdout, of which nothing else has hold from now on: what is printed goes to stderr."""
        wire = cls(os.dup(sys.stdin.fileno()), os.dup(sys.stdout.fileno()))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, sys.stdin.fileno())
        os.close(nothing)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        return wire

    def commands(self) -> Iterator[bytes]:
        """Lines, until the input ends; other greenlets run meanwhile."""
        rest = b""
        while True:
            socket.wait_read(self._commands_fd)
            data = os.read(self._commands_fd, READ_BYTES)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            yield from filter(bytes.strip, lines)

    def tell(self, event: str, **fields: Any) -> None:
        """BrokenPipeError where nobody listens any more."""
        line: Mapping[str, Any] = {"event": event, **fields}
        left = memoryview(json.dumps(line).encode() + b"\n")
        while left:
            left = left[os.write(self._events_fd, left) :]
