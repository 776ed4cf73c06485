"""What the load generator of a run is told, by whoever started it: one JSON object a line."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.distributed.parts import Part, share
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator.schedule import Instants, schedule
from serveoff.loadtests.loads import Load, parse_load
from serveoff.models.golden import Golden, packed, unpacked
from serveoff.models.spec import ModelSpec

STRIDE: Final = 7
"""Workers start this far apart in the pool, so that they do not all send the same input at the same time."""


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
    part: Part | None = None
    """What of it is asked of one worker; None: all of it."""

    @property
    def own(self) -> Load:
        """The load with no more callers than are asked for here."""
        return share(self.load, self.part.number, self.part.of) if self.part else self.load

    @property
    def workers(self) -> int:
        """How many drive it at once."""
        return self.part.of if self.part else 1

    @property
    def first(self) -> int:
        """Which input is sent first, by its number in a pool without an end."""
        return self.seed + STRIDE * self.part.number if self.part else self.seed

    def due(self) -> Instants:
        """Seconds since the slice began at which requests of an open loop are due, ascending.

        The window has arrivals of its own seed, whatever its lead-in is. Workers are dealt them like cards, so that all
        together send when one alone would.
        """
        before = schedule(self.load, self.lead_in_s, (self.seed, 0)) if self.lead_in_s else np.empty(0)
        within = schedule(self.load, self.duration_s, (self.seed, 1)) if self.duration_s else np.empty(0)
        due = np.concatenate([before, self.lead_in_s + within])
        return due[self.part.number :: self.part.of] if self.part else due


class _Command(BaseModel):
    # What is in a line may be a token: no error says it.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SamplesCommand(_Command):
    """What is sent to a model's endpoints from now on, and the right answers, instead of the golden ones."""

    command: Literal["samples"] = "samples"
    model: str
    npz: str
    """Base64 of what serveoff.models.golden packs."""
    spec: ModelSpec | None = None
    """What the model takes and gives; None: as it is known here, by its name."""
    unseen: bool = False
    """Whether these are inputs that no format was exported with: serveoff.models.agreement.UNSEEN."""

    @classmethod
    def of(cls, model: str, samples: Golden, spec: ModelSpec | None = None, unseen: bool = False) -> SamplesCommand:
        """The command that brings these."""
        return cls(model=model, npz=b64encode(packed(samples)).decode(), spec=spec, unseen=unseen)

    @property
    def samples(self) -> Golden:
        """ValueError or KeyError where there are none in it."""
        return unpacked(b64decode(self.npz))


class EndpointCommand(_Command):
    """Where an endpoint is from now on: once before its first slice, and again after each start of its server."""

    command: Literal["endpoint"] = "endpoint"
    target: Target
    counters: str = ""
    """The address of the server's Prometheus page; empty: it has none."""
    exchange: Exchange | None = None
    """What is sent to an endpoint that runs already; None: the samples of its model."""


class HangUpCommand(_Command):
    """The server of an endpoint is about to end: one that waits for its connections need wait for none of ours."""

    command: Literal["hang up"] = "hang up"
    endpoint: str


class PrepareCommand(_Command):
    """Make the requests of a load, so that its slice can begin at once: of workers, which begin at one instant."""

    command: Literal["prepare"] = "prepare"
    endpoint: str
    load: str


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
    part: Part | None = None

    @classmethod
    def of(cls, endpoint: str, drive: Drive) -> SliceCommand:
        """The command that asks an endpoint for it."""
        return cls(endpoint=endpoint, **asdict(drive) | {"load": drive.load.text})

    @property
    def drive(self) -> Drive:
        """ValueError where the load is none."""
        asked = {field.name: getattr(self, field.name) for field in fields(Drive)}
        return Drive(**asked | {"load": parse_load(self.load)})


Command = SamplesCommand | EndpointCommand | HangUpCommand | PrepareCommand | SliceCommand
_COMMAND: Final[TypeAdapter[Command]] = TypeAdapter(
    Annotated[Command, Field(discriminator="command")], config=ConfigDict(hide_input_in_errors=True)
)


def parse_command(line: bytes) -> Command:
    """ValueError says what is wrong."""
    return _COMMAND.validate_json(line)
