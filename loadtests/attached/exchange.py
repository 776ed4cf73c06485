"""All requests of an endpoint that runs already, made beforehand, and how its answers are read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from serveoff.loadtests.attached.reading import packed, unpacked
from serveoff.models.agreement import with_small
from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import Batch

HIDDEN: Final = "…"
LEAST_SECRET: Final = 4
"""Shorter values of headers are words that any text may hold."""
OURS: Final = frozenset({"content-length", "transfer-encoding", "connection"})
"""What a client says of its own framing."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class Exchange(BaseModel):
    """What an endpoint is sent and should answer. `headers` may hold tokens: they are in no repr and in no error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True
    )

    dialect: str
    """The name of a module of serveoff.loadtests.attached.dialects."""
    answer: str = ""
    """JMESPath into a JSON answer; empty: all that the dialect reads."""
    bodies: tuple[bytes, ...] = Field(min_length=1, repr=False)
    """One sample each."""
    headers: dict[str, str] = Field(default={}, repr=False)
    """Of every request; the metadata of gRPC."""
    expected: str = Field(default="", repr=False)
    """A reading for each body, as reading.packed writes them; empty before the reference is known."""
    answer_bytes: int = Field(default=0, ge=0)
    """Of the largest answer that was asked for beforehand."""
    tensors: tuple[TensorSpec, ...] = ()
    """What is read of an answer, where that is known: by its precision a value may be off."""
    encode_s: float = Field(default=0.0, ge=0)
    """Median seconds that encoding one body took."""
    tls: bool = False
    ca_pem: str = Field(default="", repr=False)
    """Certificates of the authorities to trust; empty: the system's."""
    server_name: str = ""
    """The host that the certificate must be of; empty: the target's."""
    pace_s: float = Field(default=0.0, ge=0)
    """At least so many seconds lie between two requests, over all callers of the endpoint; 0: any."""

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _NAME.fullmatch(name) or name.lower() in OURS:
                raise ValueError(f"{name!r} is not a header to send")
            if not _VALUE.fullmatch(value):
                raise ValueError(f"the value of {name} has characters that a header cannot carry")
        return headers

    @property
    def readings(self) -> list[Batch]:
        """What is expected of each body; ValueError where that is not known of each."""
        readings = unpacked(self.expected) if self.expected else []
        if len(readings) != len(self.bodies):
            raise ValueError(f"{len(readings)} answers are known for {len(self.bodies)} requests")
        return readings

    def expecting(self, readings: Sequence[Batch], answer_bytes: int = 0) -> Exchange:
        """The same, now that the right answers are known, one for each body, and how large the largest came."""
        known = {"expected": packed(readings), "tensors": with_small(self.tensors, readings)}
        return self.model_copy(update=known | {"answer_bytes": answer_bytes})

    def without_secrets(self, text: str) -> str:
        """A text that an endpoint may have written our headers into, without their values."""
        for secret in _secrets(tuple(self.headers.values())):
            text = text.replace(secret, HIDDEN)
            if (at := text.rfind(secret[:LEAST_SECRET])) >= 0 and secret.startswith(text[at:].rstrip("'\"…")):
                text = text[:at] + HIDDEN  # it was cut amid the secret
        return text

    def __repr_args__(self) -> Any:
        """What may be shown, and how many bodies there are."""
        return [*super().__repr_args__(), ("requests", len(self.bodies))]


@lru_cache
def _secrets(values: tuple[str, ...]) -> tuple[str, ...]:
    """Values of headers and what is behind their scheme, also as JSON and Python write them; longest first."""
    plain = {part for value in values for part in (value, value.rpartition(" ")[2])}
    written = {form for text in plain for form in (text, json.dumps(text)[1:-1], repr(text)[1:-1])}
    return tuple(sorted((text for text in written if len(text) >= LEAST_SECRET), key=len, reverse=True))
