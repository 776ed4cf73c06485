"""The two pipes of the generator, one JSON object a line: commands in (generator.commands), events out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gevent import socket

from serveoff.models.isolation import claim_stdout

READ_BYTES: Final = 1 << 16
FAILED, INTERRUPTED = 1, 130
"""How a process of Locust ends that did not end in order."""


class Wire:
    """The two ends: lines of commands come from one file, events go to the other."""

    def __init__(self, commands_fd: int, events_fd: int) -> None:
        self._commands_fd, self._events_fd = commands_fd, events_fd

    @classmethod
    def of_this_process(cls) -> Wire:
        """Its stdin and stdout, of which nothing else has hold from now on: what is printed goes to stderr."""
        wire = cls(os.dup(sys.stdin.fileno()), claim_stdout())
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, sys.stdin.fileno())
        os.close(nothing)
        return wire

    def commands(self) -> Iterator[bytes]:
        """Lines, until the input ends; other greenlets run meanwhile."""
        waiting = bytearray()  # one of samples is long
        while True:
            socket.wait_read(self._commands_fd)
            data = os.read(self._commands_fd, READ_BYTES)
            if not data:
                return
            waiting += data
            if b"\n" in data:
                *lines, rest = bytes(waiting).split(b"\n")
                waiting = bytearray(rest)
                yield from filter(bytes.strip, lines)

    def tell(self, event: str, **fields: Any) -> None:
        """BrokenPipeError where nobody listens any more."""
        line: Mapping[str, Any] = {"event": event, **fields}
        left = memoryview(json.dumps(line).encode() + b"\n")
        while left:
            left = left[os.write(self._events_fd, left) :]
