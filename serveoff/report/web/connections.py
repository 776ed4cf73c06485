"""Whose connection stays open: none for longer than its part takes, and at the limit the longest idle makes way.

Waitress alone stops accepting at its limit, and counts every byte as activity: half-open connections, or a byte now
and then, would keep everybody out.
"""

import resource
import time
from collections.abc import Iterable
from typing import Final

from waitress.channel import HTTPChannel

DEADLINE_S: Final = 10.0
"""For a request to come whole, for the next one on the same connection, and for a client to take more of its answer."""
MOST: Final = min(256, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
"""Open at once, the listener and waitress' own included."""
SPARE: Final = 16
"""Of these, kept free for those that come."""


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress is not typed
    """A connection that knows since when it has been waiting for a request."""

    def service(self) -> None:
        """Answer; the wait for the next request begins."""
        super().service()
        self.creation_time = time.time()

    def late(self, now: float) -> bool:
        """Its client neither sends a whole request nor takes its answer."""
        since = self.last_activity if self.total_outbufs_len else self.creation_time
        return now - since > DEADLINE_S and bool(self.total_outbufs_len or not self.requests)


def shed(channels: Iterable[Channel]) -> None:
    """Close those that are late, and the longest waiting where they are too many."""
    now = time.time()
    found = list(channels)
    idle = sorted((c for c in found if not c.requests and not c.total_outbufs_len), key=lambda c: c.creation_time)
    crowding = idle[: max(0, len(found) + SPARE - MOST)]
    for channel in {*crowding, *(c for c in found if c.late(now))}:
        channel.handle_close()
