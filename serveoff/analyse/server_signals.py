"""What each server's own signals mean: which Server-Timing duration, or which counter, is which part of a request.

The tuned Flask says it in every answer (services/flaskrest/timing.py), the others on their Prometheus page
(serveoff.record.counter_pages).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from serveoff.loadtests.recording.windows import Window
from serveoff.record.counter_pages import PAGES, Mean, Page, Part, counter_name
from serveoff.record.endpoint_results import EndpointResult

HALF_A_STEP_S: Final = 0.5e-6
"""Server-Timing and raw rows have microseconds: each duration is up to half of one off."""


@dataclass(frozen=True)
class Told:
    """What a server said of its requests: means in seconds a request.

    `total_s` is by the server's own clock, from when it had read a request until its answer was ready; None: it does
    not say. `apart` is False where `parse` holds serialisation, too.
    """

    total_s: float | None
    parts_s: Mapping[Part, float]
    counts: Mapping[str, int]
    """How many requests each mean is of, by its part or `total`."""
    rounding_s: float = 0.0
    """How far the sum of the parts may be off because they were rounded."""
    apart: bool = True
    decode_s: float | None = None
    """Of `parse`, what decoding image files took; None: it decoded none, or does not say."""

    @property
    def requests(self) -> int:
        """The fewest requests that a mean is of."""
        return min(self.counts.values())

    def error_s(self, samples: int) -> float:
        """How far these means may be from those of the client's `samples` requests.

        A mean of some requests more or fewer is off by their share, if they are like the others; and by rounding.
        """
        shares = {part: abs(count - samples) / samples for part, count in self.counts.items()}
        parts_s = sum(value * shares[part] for part, value in self.parts_s.items() if part in shares)
        return max(parts_s, (self.total_s or 0.0) * shares.get("total", 0.0)) + self.rounding_s


TIMINGS: Final[Mapping[str, Part]] = {
    "queue": "queue",
    "parse": "parse",
    "predict": "inference",
    "encode": "serialise",
}
DECODE: Final = "decode"
"""The Server-Timing duration of decoding image files, which is of `parse`."""


def told(result: EndpointResult, windows: Sequence[Window]) -> Told | None:
    """What the endpoint's server said over these windows; None where it said nothing that can be read."""
    if any(window.timed for window in windows):
        return _by_answers(windows)
    page = PAGES.get(result.server)
    return None if page is None else _by_counters(page, result.protocol, windows)


def _by_answers(windows: Sequence[Window]) -> Told:
    timed = [window for window in windows if window.timed]
    requests = sum(window.timed for window in timed)

    def mean(name: str) -> float | None:
        if not all(name in window.timings_s for window in timed):
            return None
        return sum(window.timings_s[name] * window.timed for window in timed) / requests

    parts = {part: value for name, part in TIMINGS.items() if (value := mean(name)) is not None}
    counts = dict.fromkeys((*parts, "total"), requests)
    return Told(mean("total"), parts, counts, HALF_A_STEP_S * (len(parts) + 1), decode_s=mean(DECODE))


def _by_counters(page: Page, protocol: str, windows: Sequence[Window]) -> Told | None:
    """Only over windows around which the page could be read; every part by the requests that its own count has."""
    read = [window.counters for window in windows if window.counters]
    means = {part: _mean(mean, protocol, read) for part, mean in page.parts.items()}
    parts = {part: value for part, (value, _) in means.items() if value is not None}
    total_s, total_count = _mean(page.total, protocol, read)
    counts = {str(part): count for part, (_, count) in means.items() if part in parts}
    if total_s is not None:
        counts["total"] = total_count
    if not counts:
        return None
    if page.rest_is_parse and total_s is not None and "inference" in parts:
        parts["parse"] = max(0.0, total_s - parts["inference"])
    decode_s = None if page.decode is None else _mean(page.decode, protocol, read)[0]
    return Told(total_s, parts, counts, HALF_A_STEP_S, apart=not page.rest_is_parse, decode_s=decode_s)


def _mean(mean: Mean, protocol: str, read: Iterable[Mapping[str, float]]) -> tuple[float | None, int]:
    """The mean in seconds and its requests; None where either did not grow.

    TorchServe 0.12 counts gRPC requests and not their latency (its GRPCJob, beside its RestJob).
    """
    labels = mean.labels.format(entrypoint=protocol.upper())
    pairs = [(_sum(mean.sum, labels, counters), _sum(mean.count, labels, counters)) for counters in read]
    total, count = (sum(values) for values in zip(*pairs, strict=True)) if pairs else (0.0, 0.0)
    return (total * mean.unit / count if total and count else None), round(count)


def _sum(name: str, labels: str, counters: Mapping[str, float]) -> float:
    return sum(value for sample, value in counters.items() if counter_name(sample) == name and labels in sample)
