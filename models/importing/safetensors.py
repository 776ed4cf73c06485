"""The safetensors format: a length, a JSON header, and the tensors' bytes.

https://huggingface.co/docs/safetensors

The header is checked in full here, before anything is made of it: every tensor lies within the file, has the size that
its shape and dtype say, and overlaps no other.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

from serveoff.models.importing.errors import ImportCode, ImportFailed

MOST_HEADER = 100 << 20
"""The format's own limit."""
SAVE = "save them again: safetensors.torch.save_file"
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip


def check(path: str) -> None:
    """ImportFailed where the file is not a whole safetensors file."""
    try:
        _check_header(*_header(Path(path)))
    except (ValueError, RecursionError) as error:
        raise ImportFailed(
            ImportCode.DAMAGED, f"{path} is no safetensors file, or a truncated one: {error}", SAVE
        ) from None


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """The header, and how many bytes follow it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(8)
        if len(first) < 8:
            raise ValueError("it has no header")
        (length,) = struct.unpack("<Q", first)
        if length > min(MOST_HEADER, size - 8):
            raise ValueError(f"its header claims {length} bytes")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("its header is not a JSON object")
    return header, size - 8 - length


def _check_header(header: dict[str, Any], data: int) -> None:
    spans = sorted(_span(name, entry) for name, entry in header.items() if name != "__metadata__")
    if not spans:
        raise ValueError("it holds no tensor")
    at = 0
    for begin, end, name in spans:
        if begin != at:
            raise ValueError(f"{name} begins at byte {begin}, expected {at}")
        at = end
    if at != data:
        raise ValueError(f"its tensors take {at} bytes, {data} are there")


def _span(name: str, entry: Any) -> tuple[int, int, str]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{name} has no dtype, shape and offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if dtype not in BITS or not _naturals(shape) or not _naturals(offsets) or len(offsets) != 2:
        raise ValueError(f"{name} is {dtype}{shape} at {offsets}")
    begin, end = offsets
    if (end - begin) * 8 != math.prod(shape) * BITS[dtype]:
        raise ValueError(f"{name} has {end - begin} bytes, not those of {dtype}{shape}")
    return begin, end, name


def _naturals(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) is int and number >= 0 for number in value)
