"""Request counts and latencies in Prometheus' text format, under TensorFlow Serving's names.

    :tensorflow:serving:request_count      requests, by model and status
    :tensorflow:serving:request_latency    from when a body was read whole to its answer: parsing, the run, encoding
    :tensorflow:serving:runtime_latency    the run of the graph alone; with batching its wait for others, too

Latencies are histograms in microseconds (servables/tensorflow/util.cc).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from serveoff.services.tfserving.embedded.errors import Code, ServingError

BUCKETS_US = tuple(10 * 1.8**power for power in range(33))
"""Upper bounds in microseconds: 10 us to about 20 minutes."""

COUNT = ":tensorflow:serving:request_count"
LATENCY = ":tensorflow:serving:request_latency"
RUNTIME = ":tensorflow:serving:runtime_latency"
SESSION = "TF1"
"""TensorFlow Serving's word for a graph that a Session runs, whichever TensorFlow wrote it."""

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Counts every request by model, API, protocol and status. Safe to share between threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._counts = Counter(COUNT, "requests", ["model_name", "status"], registry=self._registry)
        self._requests = self._histogram(LATENCY, "entrypoint")
        self._runs = self._histogram(RUNTIME, "runtime")

    def _histogram(self, name: str, label: str) -> Histogram:
        labels = ["model_name", "API", label]
        return Histogram(name, "microseconds", labels, buckets=BUCKETS_US, registry=self._registry)

    def record(self, model: str, api: str, entrypoint: str, code: Code, seconds: float) -> None:
        """Add one request; only a good one has a latency. `api` is Predict over GRPC, predict over REST."""
        self._counts.labels(model, code.name).inc()
        if code is Code.OK:
            self._requests.labels(model, api, entrypoint).observe(round(seconds * 1e6, 3))

    @contextmanager
    def counted(self, model: str, api: str, entrypoint: str, known: bool) -> Iterator[None]:
        """Record the request that is answered in the block, by the ServingError that ends it, if one does.

        `known`: there is such a model. A label for each other name would let clients fill the memory.
        """
        started, code = perf_counter(), Code.UNKNOWN
        try:
            yield
            code = Code.OK
        except ServingError as error:
            code = error.code
            raise
        finally:
            if known and code is not Code.NOT_FOUND:
                self.record(model, api, entrypoint, code, perf_counter() - started)

    def ran(self, model: str, api: str, seconds: float) -> None:
        """Add one run of a graph, that succeeded."""
        self._runs.labels(model, api, SESSION).observe(round(seconds * 1e6, 3))

    def page(self) -> str:
        """The page that Prometheus scrapes: requests, and this process's memory, CPU seconds and files."""
        # TensorFlow Serving's counter is not called as Prometheus wants counters to be.
        return generate_latest(self._registry).decode().replace(f"{COUNT}_total", COUNT)
