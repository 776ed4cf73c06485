"""What starting a server took."""

from pydantic import PositiveFloat

from serveoff.record.base import Record
from serveoff.record.problems import Problem


class ColdStart(Record):
    """Seconds since the spawn of the server's process, nothing else awake. None: that phase was not reached.

    In a container the spawn is the engine's start of it. What comes before is apart: `create_s` of making the
    container (image, file system, network; the Compose command included), and `start_s`, the part of the seconds
    below that the engine took before the process ran.
    """

    warmup: bool = True
    """False: the model's warm-up calls were left to the first requests (SERVING_WARMUP=0)."""
    order: int | None = None
    """Its place among all starts of the run: what the first reads from disk, later ones may find in the page cache."""

    create_s: float | None = None
    start_s: float | None = None
    port_open_s: float | None = None
    ready_s: float | None = None
    first_answer_s: PositiveFloat | None = None
    phases: dict[str, float] = {}
    """What the server wrote of its own start (services/phases.py), in seconds since its process started; of several
    workers, the first. Empty for a server that writes none."""
    protocol: str = ""
    """Over which protocol it was asked first."""
    first_request_s: float | None = None
    """Latency of the very first request, on a connection that was open before."""
    next_requests_s: list[float] = []
    """Latencies of the requests right after it, one at a time on the same connection."""
    problem: Problem | None = None
    """Why it came to no first answer."""
