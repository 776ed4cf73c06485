"""The counters of each server's Prometheus page that a run keeps, and which part of a request each is of.

TorchServe's frontend has its own, our handler has its own (services/torchserve/phase_metrics.py), and TensorFlow
Serving has histograms, which tell the run of the graph from the rest of a request and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Part = Literal["queue", "parse", "inference", "serialise"]
MICROSECOND: Final = 1e-6


@dataclass(frozen=True)
class Mean:
    """A mean by counters: `sum` in `unit` seconds over `count`, samples without `_total` that have `labels`."""

    sum: str
    count: str
    labels: str = ""
    unit: float = MICROSECOND


@dataclass(frozen=True)
class Page:
    """How to read one server's counters. `total` may depend on the protocol: {entrypoint} is REST or GRPC."""

    total: Mean
    parts: Mapping[Part, Mean]
    rest_is_parse: bool = False
    """What `total` has beyond the parts is parsing and serialising, not told apart."""
    decode: Mean | None = None
    """Decoding image files, of `parse`; None where the server decodes them within the model's graph."""


_TORCHSERVE = Page(
    Mean("ts_inference_latency_microseconds", "ts_inference_requests"),
    {
        "queue": Mean("ts_queue_latency_microseconds", "ts_inference_requests"),
        "parse": Mean("handler_parse_microseconds", "handler_requests"),
        "inference": Mean("handler_predict_microseconds", "handler_requests"),
        "serialise": Mean("handler_encode_microseconds", "handler_requests"),
    },
    decode=Mean("handler_decode_microseconds", "handler_requests"),
)
_REQUEST, _RUN = ":tensorflow:serving:request_latency", ":tensorflow:serving:runtime_latency"
_TFSERVING = Page(
    Mean(f"{_REQUEST}_sum", f"{_REQUEST}_count", 'entrypoint="{entrypoint}"'),
    {"inference": Mean(f"{_RUN}_sum", f"{_RUN}_count", 'API="Predict"')},
    rest_is_parse=True,
)
PAGES: Final[Mapping[str, Page]] = {
    "torchserve": _TORCHSERVE,
    "tfserving": _TFSERVING,
    "tfserving-embedded": _TFSERVING,
}


def known(counters: Mapping[str, float]) -> dict[str, float]:
    """Those that some server's parts are computed from: a page holds a hundred others."""
    pages = PAGES.values()
    means = [mean for page in pages for mean in (page.total, page.decode, *page.parts.values()) if mean]
    names = {name for mean in means for name in (mean.sum, mean.count)}
    return {sample: value for sample, value in counters.items() if counter_name(sample) in names}


def counter_name(sample: str) -> str:
    """Without the `_total` that a counter's name may or may not end with."""
    return sample.partition("{")[0].removesuffix("_total")
