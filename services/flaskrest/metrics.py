"""Prometheus metrics of one server, also when several workers share it.

With several workers the launcher sets PROMETHEUS_MULTIPROC_DIR before this module is imported: prometheus_client
then keeps each worker's values in a file there, and any worker can answer for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from serveoff.services.flaskrest.timing import ARRIVED, BEGAN

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MULTIPROC_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
BUCKETS_ROWS = (1, 2, 4, 8, 16, 32, 64, 128)
CONTENT_TYPE = CONTENT_TYPE_LATEST
_LABELS = ("model", "format")


class Metrics:
    """The metrics of one model in one process. Label children are looked up once, not per request."""

    def __init__(self, model: str, format: str) -> None:
        self._registry = CollectorRegistry()
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        self._labels = {"model": model, "format": format}
        self._requests = Counter(
            "inference_requests_total",
            "Requests to :predict, by HTTP status of the answer",
            (*_LABELS, "status"),
            registry=self._registry,
        )
        self._observe = self._histogram(
            "inference_request_duration_seconds",
            "From the request's arrival, whole, to its answer, whatever the status",
            BUCKETS_S,
        )
        self.batched = self._histogram(
            "inference_batch_rows",
            "Rows of each call of the model, where SERVING_BATCH_SIZE puts requests together",
            BUCKETS_ROWS,
        )
        """Count one call of the model, by its rows."""
        load = Gauge(
            "model_load_seconds",
            "Loading and warming the model, the framework's import included",
            _LABELS,
            multiprocess_mode="livemax",
            registry=self._registry,
        )
        self.loaded = load.labels(**self._labels).set
        """Record the seconds that loading the model took."""
        self._by_status: dict[int, Callable[[], None]] = {}

    def _histogram(self, name: str, help: str, buckets: Sequence[float]) -> Callable[[float], None]:
        made = Histogram(name, help, _LABELS, buckets=buckets, registry=self._registry)
        return made.labels(**self._labels).observe

    def answered(self, status: int, seconds: float) -> None:
        """Count one answer to :predict."""
        count = self._by_status.get(status)
        if count is None:
            count = self._by_status[status] = self._requests.labels(**self._labels, status=str(status)).inc
        count()
        self._observe(seconds)

    def render(self) -> bytes:
        """The text that Prometheus scrapes: requests to all workers, and the memory of the one that answers."""
        registry = self._registry
        if MULTIPROC_VARIABLE in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + generate_latest(self._process)


class Counted:
    """WSGI middleware: counts and times what is sent to :predict, refused requests too, and starts their clock.

    The worker starts it earlier, when the request has arrived whole.
    """

    def __init__(self, application: WSGIApplication, metrics: Metrics) -> None:
        self._application = application
        self._answered = metrics.answered

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on."""
        if not environ["PATH_INFO"].endswith(":predict"):
            return self._application(environ, start_response)
        began_s: float = environ.setdefault(BEGAN, perf_counter())
        arrived_s: float = environ.setdefault(ARRIVED, began_s)

        def answer(status: str, *rest: Any) -> Any:
            self._answered(int(status[:3]), perf_counter() - arrived_s)
            return start_response(status, *rest)

        return self._application(environ, answer)


def forget_worker(pid: int) -> None:
    """Drop the gauges of a worker that has ended; its counts stay."""
    if MULTIPROC_VARIABLE in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid)  # type: ignore[no-untyped-call]
