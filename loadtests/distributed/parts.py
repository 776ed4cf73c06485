"""How a load is shared out among workers."""

from dataclasses import dataclass, replace

from serveoff.loadtests.loads import Load


@dataclass(frozen=True)
class Part:
    """What one worker does of a slice that several drive at once."""

    number: int
    """From 0."""
    of: int
    """How many take part."""
    begins_s: float
    """When it begins, in the worker's perf_counter seconds."""
    epoch_s: float
    """What makes of these the seconds since the epoch that the master's clock shows."""


def share(load: Load, number: int, of: int) -> Load:
    """A worker's own callers, or connections of an open loop; the rate is that of all."""
    each, more = divmod(load.concurrency, of)
    return replace(load, concurrency=each + (number < more))


def sharing(load: Load, workers: int) -> int:
    """How many of the workers take part: each has a caller."""
    return min(load.concurrency, workers)
