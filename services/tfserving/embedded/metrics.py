"""Request counts and latencies in Prometheus' text format, under TensorFlow Serving's names.

    :tensorflow:serving:request_count      requests, by model and status
    :tensorflow:serving:request_latency    from when a body was read whole to its answer: parsing, the run, encoding
    :tensorflow:serving:runtime_latency    the run of the graph alone; with batching its wait for others, too

Latencies are histograms in microseconds (servables/tensorflow/util.cc).
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from serveoff.services.tfserving.embedded.errors import Code

BUCKETS_US = tuple(10 * 1.8**power for power in range(33))
"""Upper bounds in microseconds: 10 us to about 20 minutes."""

COUNT = ":tensorflow:serving:request_count"
LATENCY = ":tensorflow:serving:request_latency"
RUNTIME = ":tensorflow:serving:runtime_latency"
SESSION = "TF1"
"""TensorFlow Serving's word for a graph that a Session runs, whichever TensorFlow wrote it."""


@dataclass
class _Histogram:
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_US) + 1))
    sum_us: float = 0.0

    def add(self, seconds: float) -> None:
        micros = seconds * 1e6
        self.buckets[bisect_left(BUCKETS_US, micros)] += 1
        self.sum_us += micros

    def lines(self, name: str, labels: Mapping[str, str]) -> list[str]:
        bounds = [*(f"{bound:.6g}" for bound in BUCKETS_US), "+Inf"]
        counts = zip(bounds, accumulate(self.buckets), strict=True)
        return [
            *(f"{name}_bucket{_labels(**labels, le=bound)} {count}" for bound, count in counts),
            f"{name}_sum{_labels(**labels)} {self.sum_us:.0f}",
            f"{name}_count{_labels(**labels)} {sum(self.buckets)}",
        ]


class Metrics:
    """Counts every request by model, API, protocol and status. Safe to share between threads."""

    def __init__(self) -> None:
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], int] = {}
        self._requests: dict[tuple[str, str, str], _Histogram] = {}
        self._runs: dict[tuple[str, str], _Histogram] = {}

    def record(self, model: str, api: str, entrypoint: str, code: Code, seconds: float) -> None:
        """Add one request; only a good one has a latency. `api` is Predict over GRPC, predict over REST."""
        with self._lock:
            self._counts[model, code.name] = self._counts.get((model, code.name), 0) + 1
            if code is Code.OK:
                self._requests.setdefault((model, api, entrypoint), _Histogram()).add(seconds)

    def ran(self, model: str, api: str, seconds: float) -> None:
        """Add one run of a graph, that succeeded."""
        with self._lock:
            self._runs.setdefault((model, api), _Histogram()).add(seconds)

    def page(self) -> str:
        """The page that Prometheus scrapes: requests, and this process's memory, CPU seconds and files."""
        with self._lock:
            lines = [f"# TYPE {COUNT} counter"]
            lines += [f"{COUNT}{_labels(model_name=m, status=s)} {n}" for (m, s), n in self._counts.items()]
            lines.append(f"# TYPE {LATENCY} histogram")
            for (model, api, entrypoint), histogram in self._requests.items():
                lines += histogram.lines(LATENCY, {"model_name": model, "API": api, "entrypoint": entrypoint})
            lines.append(f"# TYPE {RUNTIME} histogram")
            for (model, api), histogram in self._runs.items():
                lines += histogram.lines(RUNTIME, {"model_name": model, "API": api, "runtime": SESSION})
        return "\n".join(lines) + "\n" + generate_latest(self._process).decode()


def _labels(**labels: str) -> str:
    escaped = {k: v.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for k, v in labels.items()}
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped.items()) + "}"
