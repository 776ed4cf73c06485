"""Requests made before the clock starts: one pool for each encoding and number of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from loadtests.endpoints import Target
from loadtests.payloads import Batch, Payload, payload_for
from loadtests.samples import expected_outputs, golden_inputs

Frame = Callable[[Target, bytes, Mapping[str, str]], bytes]
"""Makes all bytes of one request of a body and what its head says of it."""


@dataclass(frozen=True)
class Pool:
    """Framed requests and the outputs expected of each; `first` is the number of the first among all pools'."""

    payload: Payload
    requests: list[bytes]
    body_bytes: list[int]
    expected: list[Batch]
    encode_s: float
    """Median seconds that encoding one of the bodies took."""
    first: int

    @property
    def request_bytes(self) -> int:
        """The mean size of a request body."""
        return round(sum(self.body_bytes) / len(self.body_bytes))


def make_pool(target: Target, frame: Frame, payload: str, batch: int, folder: Path | None, first: int) -> Pool:
    """Encode every golden input, or batches of them that begin with each in turn. SamplesError where there are none."""
    encoding = payload_for(target.protocol, target.grpc_api, payload)
    inputs, outputs = golden_inputs(target.model, folder), expected_outputs(target.model, target.format, folder)
    bodies, requests, expected, took_s = [], [], [], []
    for row in range(len(inputs)):
        chosen = np.arange(row, row + batch) % len(inputs)
        rows = np.ascontiguousarray(inputs[chosen])
        began = perf_counter()
        body = encoding.encode(target.model, rows)
        took_s.append(perf_counter() - began)
        bodies.append(len(body))
        requests.append(frame(target, body, headers_of(encoding, rows)))
        expected.append(outputs[chosen])
    return Pool(encoding, requests, bodies, expected, median(took_s), first)


def headers_of(payload: Payload, rows: Batch) -> dict[str, str]:
    """What HTTP headers say of a body: JSON where the encoding says nothing else."""
    headers = getattr(payload, "headers", None)
    return dict(headers(rows)) if headers else {"Content-Type": "application/json"}
