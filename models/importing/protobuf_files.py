"""Files that are one protobuf message: no framework is needed to see whether a graph is whole."""

from pathlib import Path
from typing import Any

from google.protobuf import message

from serveoff.models.importing.errors import damaged
from serveoff.models.protobuf_messages import parsed

MOST_BYTES = 2 << 30
"""Protobuf's own limit of a message."""


def read(file: Path, kind: type[message.Message], save: str) -> Any:
    """The message in a file, whose kind knows the fields that are looked into; ImportFailed where it is none."""
    if file.stat().st_size > MOST_BYTES:
        text = f"{file} is larger than a protobuf message can be, {MOST_BYTES >> 30} GiB"
        raise damaged(text, save)
    try:
        return parsed(kind, file.read_bytes())
    except ValueError:
        text = f"{file} is no {kind.DESCRIPTOR.name}, or is truncated"
        raise damaged(text, save) from None
