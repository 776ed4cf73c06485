"""Protobuf's wire format, walked without a schema's classes: no framework is needed to see whether a graph is whole.

A message is a row of fields, each a tag (number and wire type) and a value: a varint, 4 or 8 bytes, or a length and so
many bytes. https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serveoff.models.importing.errors import ImportCode, ImportFailed

MOST_BYTES = 2 << 30
"""Protobuf's own limit of a message."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
_MOST_VARINT = 10

Value = int | memoryview


class Malformed(ValueError):
    """Bytes that are no protobuf message, or end within one; the message says at which byte."""


def fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    """Field number and value of each field, in order; numbers for varints, bytes for all else."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise Malformed(f"there is no field 0 (byte {at})")
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise Malformed(f"there is no wire type {kind} (byte {at})")
        if at + size > len(message):
            raise Malformed(f"it ends within a field of {size} bytes that begins at byte {at}")
        yield number, message[at : at + size]
        at += size


@contextmanager
def whole(file: Path, what: str, save: str) -> Iterator[memoryview]:
    """A file that is one message, while it is looked into; ImportFailed where it is too large, or was Malformed."""
    if file.stat().st_size > MOST_BYTES:
        text = f"{file} is larger than a protobuf message can be, {MOST_BYTES >> 30} GiB"
        raise ImportFailed(ImportCode.DAMAGED, text, save)
    try:
        yield memoryview(file.read_bytes())
    except Malformed as error:
        raise ImportFailed(ImportCode.DAMAGED, f"{file} is no {what}, or is truncated: {error}", save) from None


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for index in range(_MOST_VARINT):
        if at + index >= len(message):
            raise Malformed(f"it ends within a number at byte {at}")
        byte = message[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    raise Malformed(f"a number is too long (byte {at})")


def all_of(message: memoryview, number: int) -> list[memoryview]:
    """Every value of a field of bytes; Malformed where it is written as a number."""
    found = []
    for field, value in fields(message):
        if field == number:
            if isinstance(value, int):
                raise Malformed(f"field {number} is a number, not bytes")
            found.append(value)
    return found


def texts(message: memoryview, number: int) -> list[str]:
    """Every value of a field of text; Malformed where it is not UTF-8."""
    try:
        return [str(value, "utf-8") for value in all_of(message, number)]
    except UnicodeDecodeError as error:
        raise Malformed(f"field {number} is not text ({error.reason})") from None


def text(message: memoryview, number: int) -> str:
    """The last value of a field of text, as protobuf reads it, or ''."""
    return (texts(message, number) or [""])[-1]
