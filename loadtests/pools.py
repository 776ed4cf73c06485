"""Requests made before the clock starts: one pool for each encoding and number of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.loads import POOL_BYTES
from serveoff.loadtests.payloads import Payload, payload_for
from serveoff.loadtests.protocols.framing import Frame
from serveoff.loadtests.samples import expected_of, read_samples, spec_of
from serveoff.models.golden import Golden
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Batch, rows_of, take
from serveoff.services.body_limit import BYTES_A_NUMBER
from serveoff.services.bounded_http import MOST_BYTES

ANSWER_TIMES: Final = 4
"""An answer may be so many times as large as the right one is at most,"""
LEAST_ANSWER_BYTES: Final = 16 * 2**20
"""and so large in any case."""


@dataclass(frozen=True)
class Pool:
    """Framed requests, and the outputs expected of each."""

    payload: Payload
    spec: ModelSpec
    requests: list[bytes]
    headers: list[dict[str, str]]
    """What an HTTP head says of each body."""
    body_bytes: list[int]
    expected: list[Batch]
    encode_s: float
    """Median seconds that encoding one of the bodies took."""
    shown: Callable[[str], str] = str
    """Of a text that may hold parts of answers what may be told."""
    answer_bytes: int = 0
    """Of the largest right answer, where one was seen."""

    @property
    def request_bytes(self) -> int:
        """The mean size of a request body."""
        return round(sum(self.body_bytes) / len(self.body_bytes))

    @cached_property
    def most_answer_bytes(self) -> int:
        """Of one answer: who sends more is not sending an answer. By the numbers expected, as text."""
        numbers = max(sum(array.size for array in outputs.values()) for outputs in self.expected)
        right = max(self.answer_bytes, BYTES_A_NUMBER * numbers)
        return min(max(LEAST_ANSWER_BYTES, ANSWER_TIMES * right), MOST_BYTES)


def make_pool(
    target: Target,
    frame: Frame,
    payload: str,
    batch: int,
    folder: Path | None = None,
    samples: Golden | None = None,
    spec: ModelSpec | None = None,
    most_bytes: int = POOL_BYTES,
) -> Pool:
    """Encode every input, or batches of them that begin with each in turn: the golden ones where no others are given.

    SamplesError where there are none.

    Where all of these would take more than `most_bytes`, as many as fit, at least one, begin with inputs that lie
    evenly apart.
    """
    encoding, spec = payload_for(target.protocol, target.grpc_api, payload), spec or spec_of(target.model, folder)
    samples = samples or read_samples(target.model, folder)
    inputs, outputs = samples.inputs, expected_of(samples, target.format)
    count = rows_of(inputs)
    sizes, requests, headers, expected, took_s = [], [], [], [], []
    for row in _begins(count, len(encoding.encode(spec, take(inputs, batch_of(0, batch, count)))), most_bytes):
        chosen = batch_of(row, batch, count)
        rows = take(inputs, chosen)
        began = perf_counter()
        body = encoding.encode(spec, rows)
        took_s.append(perf_counter() - began)
        sizes.append(len(body))
        headers.append(headers_of(encoding, spec, rows))
        requests.append(frame(target, body, headers[-1]))
        expected.append(take(outputs, chosen))
    return Pool(encoding, spec, requests, headers, sizes, expected, median(took_s))


def batch_of(first: int, batch: int, count: int) -> NDArray[np.int64]:
    """Which of `count` inputs are in a batch that begins with one of them; after the last comes the first again."""
    return np.arange(first, first + batch) % count


def headers_of(payload: Payload, spec: ModelSpec, rows: Batch) -> dict[str, str]:
    """What HTTP headers say of a body: JSON where the encoding says nothing else."""
    headers = getattr(payload, "headers", None)
    return dict(headers(spec, rows)) if headers else {"Content-Type": "application/json"}


def _begins(count: int, body_bytes: int, most_bytes: int) -> list[int]:
    """With which inputs the pool's batches begin."""
    held = max(1, min(count, most_bytes // max(body_bytes, 1)))
    return [number * count // held for number in range(held)]
