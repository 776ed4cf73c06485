"""Where the handler's time goes, as counters of TorchServe's own Prometheus page.

    handler_requests_total          requests that the handler answered, refusals included
    handler_parse_microseconds      the bodies into arrays
    handler_predict_microseconds    the one call of the model
    handler_encode_microseconds     the outputs into the answers' bodies
    handler_decode_microseconds     of the parsing, what decoding JPEG or PNG files took; told only if bodies held any

Each request of a batch waits for all of it, so the time of a batch counts once for every request in it. A worker tells
its frontend of a metric by a line that it prints, which takes longer than all the counting: so it does that twenty
times a second at most, for all of them at once. What the last requests took is told with the next one.
"""

from time import perf_counter
from typing import Any, Final

from ts.metrics.metric_type_enum import MetricTypes

REQUESTS: Final = "handler_requests_total"
PHASES: Final = ("handler_parse_microseconds", "handler_predict_microseconds", "handler_encode_microseconds")
DECODE: Final = "handler_decode_microseconds"
EVERY_S: Final = 0.05


class PhaseMetrics:
    """Counts what is not told yet. One per worker, which handles one batch at a time."""

    def __init__(self) -> None:
        self._requests = 0
        self._phases_s = [0.0] * len(PHASES)
        self._decode_s = 0.0
        self._told_s = perf_counter()

    def add(self, requests: int, phases_s: tuple[float, float, float], decode_s: float, metrics: Any) -> None:
        """One batch: its requests, the seconds of each of PHASES and of DECODE. `metrics` is the context's."""
        self._requests += requests
        self._decode_s += requests * decode_s
        self._phases_s = [sum_s + requests * phase_s for sum_s, phase_s in zip(self._phases_s, phases_s, strict=True)]
        if perf_counter() - self._told_s >= EVERY_S:
            self._tell(metrics)

    def _tell(self, metrics: Any) -> None:
        dimensions = [metrics.model_name, "Model"]
        values = {REQUESTS: self._requests} | {
            name: round(sum_s * 1e6, 1) for name, sum_s in zip(PHASES, self._phases_s, strict=True)
        }
        if self._decode_s:
            values[DECODE] = round(self._decode_s * 1e6, 1)
        for name, value in values.items():
            metrics.get_metric(name, MetricTypes.COUNTER).add_or_update(value, dimensions)
        self._requests, self._phases_s, self._decode_s = 0, [0.0] * len(PHASES), 0.0
        self._told_s = perf_counter()
