"""What is asked of an endpoint in the rounds, and how often."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from serveoff.loadtests.loads import Load, closed
from serveoff.loadtests.payloads import others_of
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.roles import role_of
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Endpoint

EACH: Final = 1
SIDE: Final = 6
"""What is not raced: loads between the fewest callers and the most, other encodings, the null."""
BATCH: Final = 3
"""Batches, which are measured where they are asked for."""
FLOOR: Final = 3
"""A floor by its quickest way: two slices of it, which is what a short run would have, bound no server's overhead."""
VARIANT: Final = 2
STAND_IN: Final = 6
"""By how many times a stand-in, which never ranks, is asked more seldom."""


@dataclass(frozen=True)
class Asked:
    """A load, asked for in the first round and in every so many-th after it."""

    load: Load
    every: int = EACH

    def in_round(self, round_: int) -> bool:
        """Whether this round, counted from 1, has a slice of it."""
        return (round_ - 1) % self.every == 0


def asked_of(endpoint: Endpoint, result: EndpointResult, settings: RunSettings) -> Sequence[Asked]:
    """The closed loops of one endpoint; what it refused or cannot be sent is left out."""
    role = role_of(endpoint.deployment)
    if role == "floor":
        quickest, *others = floor_loads(endpoint, settings)
        return [Asked(quickest, FLOOR), *(Asked(load, SIDE) for load in others)]
    if role == "variant":
        lower = batch_loads(settings) if endpoint.deployment.precision else ()
        loads = [load for load in lower if not _left_out(load, result)]
        return [*(Asked(load, VARIANT) for load in raced(settings)), *(Asked(load, BATCH) for load in loads)]
    if role == "null":
        return [Asked(closed(users), SIDE) for users in settings.concurrencies]
    sides = [load for load in side_loads(endpoint, settings) if not _left_out(load, result)]
    seldom = STAND_IN if role == "stand-in" else 1
    beside = [Asked(load, seldom * (BATCH if load.batch > 1 else SIDE)) for load in sides]
    return [*(Asked(load, seldom) for load in raced(settings)), *beside]


def raced(settings: RunSettings) -> list[Load]:
    """The fewest callers, by whom latency is told, and the most, by whom throughput is."""
    return [closed(users) for users in sorted({min(settings.concurrencies), max(settings.concurrencies)})]


def side_loads(endpoint: Endpoint, settings: RunSettings) -> Iterator[Load]:
    """The other numbers of callers; other encodings and batches with the fewest callers."""
    fewest = closed(min(settings.concurrencies))
    yield from (closed(users) for users in settings.concurrencies if closed(users) not in raced(settings))
    if settings.payloads:
        yield from (replace(fewest, payload=name) for name in others_of(endpoint))
    yield from batch_loads(settings)


def batch_loads(settings: RunSettings) -> tuple[Load, ...]:
    """The loads of many rows a request, in an endpoint's own encoding."""
    return tuple(replace(closed(min(settings.concurrencies)), batch=rows) for rows in settings.batches)


def floor_loads(endpoint: Endpoint, settings: RunSettings) -> Iterator[Load]:
    """One caller: single rows and batches, by the quickest way to call the model and by every other one."""
    for rows in (1, *settings.batches):
        yield from (Load(payload=name, batch=rows) for name in ("", *others_of(endpoint)))


def _left_out(load: Load, result: EndpointResult) -> bool:
    """It cannot be sent, or its encoding did not pass its gate."""
    gate = result.encoding_gates.get(load.payload)
    return load.text in result.left_out or (gate is not None and not gate.passed)
