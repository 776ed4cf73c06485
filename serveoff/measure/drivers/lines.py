"""Lines that come over a pipe, each waited for so long and no longer."""

import os
import select
import time
from typing import IO

CHUNK = 1 << 20


class Lines:
    """Reads one end of a pipe; nothing else may. A line that came together with another is not overlooked."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._descriptor = pipe.fileno()
        self._waiting = bytearray()

    def next(self, patience_s: float) -> bytes:
        """The next line; nothing where the pipe was closed. TimeoutError where none came in time."""
        end = time.monotonic() + patience_s
        while (at := self._waiting.find(b"\n")) < 0:
            if not select.select([self._descriptor], [], [], max(end - time.monotonic(), 0.0))[0]:
                raise TimeoutError
            chunk = os.read(self._descriptor, CHUNK)
            if not chunk:
                return b""
            self._waiting += chunk
        line = bytes(self._waiting[: at + 1])
        del self._waiting[: at + 1]
        return line
