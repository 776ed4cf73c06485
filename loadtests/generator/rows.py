"""The rows of a slice as events carry them: a column is the base64 of its numbers."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ROWS: Final[dict[str, str]] = {
    "due_s": "<f8", "start_s": "<f8", "latency_s": "<f8", "status": "<i4", "bytes_in": "<i4", "bytes_out": "<i4",
    "measured": "u1",
}  # fmt: skip
"""Column to the dtype of its numbers; instants are seconds since the epoch."""

Rows = dict[str, NDArray[Any]]
"""One item a request of every column of `ROWS`, in the order of completion."""


def encoded(rows: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    """What an event carries of these columns."""
    return {name: b64encode(rows[name].astype(kind).tobytes()).decode() for name, kind in ROWS.items()}


def decoded(rows: Mapping[str, str]) -> Rows:
    """The arrays that an event carries."""
    return {name: np.frombuffer(b64decode(rows[name]), kind) for name, kind in ROWS.items()}
