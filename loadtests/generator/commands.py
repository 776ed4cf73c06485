"""What the load generator of a run is told, by whoever started it: one JSON object a line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator.schedule import Instants, schedule
from serveoff.loadtests.loads import Load, parse_load


@dataclass(frozen=True)
class Drive:
    """What is asked of one slice. Seconds; `duration_s` 0: a warm-up."""

    load: Load
    lead_in_s: float
    duration_s: float
    timeout_s: float
    seed: int
    counters: bool = False
    """Whether the server's counters are read before and after."""

    def due(self) -> Instants:
        """Seconds since the slice began at which requests of an open loop are due, ascending.

        The window has arrivals of its own seed, whatever its lead-in is.
        """
        before = schedule(self.load, self.lead_in_s, (self.seed, 0)) if self.lead_in_s else np.empty(0)
        within = schedule(self.load, self.duration_s, (self.seed, 1)) if self.duration_s else np.empty(0)
        return np.concatenate([before, self.lead_in_s + within])


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EndpointCommand(_Command):
    """Where an endpoint is from now on: once before its first slice, and again after each start of its server."""

    command: Literal["endpoint"] = "endpoint"
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

    command: Literal["slice"] = "slice"
    endpoint: str
    load: str
    lead_in_s: float = Field(ge=0)
    duration_s: float = Field(ge=0)
    seed: int = Field(default=1, ge=0)
    """Of the arrivals of an open loop, and of the input that is sent first."""
    timeout_s: float = Field(default=10.0, gt=0)
    """After so long a request failed."""
    counters: bool = False
    """Whether the server's counters are read before and after."""

    @classmethod
    def of(cls, endpoint: str, drive: Drive) -> SliceCommand:
        """The command that asks an endpoint for it."""
        return cls(endpoint=endpoint, **asdict(drive) | {"load": drive.load.text})

    @property
    def drive(self) -> Drive:
        """ValueError where the load is none."""
        asked = self.model_dump(exclude={"command", "endpoint"})
        return Drive(**asked | {"load": parse_load(self.load)})


Command = Annotated[EndpointCommand | SliceCommand, Field(discriminator="command")]
_COMMAND: Final[TypeAdapter[EndpointCommand | SliceCommand]] = TypeAdapter(Command)


def parse_command(line: bytes) -> EndpointCommand | SliceCommand:
    """ValueError says what is wrong."""
    return _COMMAND.validate_json(line)
