"""TensorBoard event files, one run per endpoint: scalars over the number of callers, and the latencies of one caller.

    tensorboard --logdir reports/<run id>/report.tensorboard

Scalars are those of VALID points, with the number of callers as the step. The histogram holds the answered requests of
the fewest callers, from when each was due. Event files hold float32, so figures agree with the JSON report to seven
digits. Nothing of TensorFlow is imported: TensorBoard's own package has the records' schema and framing.
"""

import math
import re
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.point_estimates import measure
from serveoff.analyse.slice_rows import RunRows, read_run

SUFFIX: Final = ".tensorboard"
BINS: Final = 60
HISTOGRAM: Final = "latency_ms/fewest_callers"
_FIRST_RECORD: Final = "brain.Event:2"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def write(comparison: Comparison, run: Path, to: Path) -> None:
    """A folder `to` with a folder per endpoint that has a VALID point; `run` is where the raw rows are."""
    rows = read_run(run)
    for entry in comparison.entries:
        if any(point.valid for point in entry.points):
            _write_endpoint(comparison, entry, rows, to / folder_name(entry.name))


def folder_name(endpoint: str) -> str:
    """The endpoint's name as TensorBoard lists it; a digest tells names apart that only differ in unsafe characters."""
    safe = _UNSAFE.sub("_", endpoint).lstrip(".")
    return safe if safe == endpoint else f"{safe[:80]}-{zlib.crc32(endpoint.encode()):08x}"


def scalars(point: Point) -> dict[str, float]:
    """The figures of one point by tag; withheld ones are absent."""
    figures = {
        "latency_ms/p50": (point.p50_s.value, 1e3),
        "latency_ms/p90": (point.p90_s.value, 1e3),
        "latency_ms/p99": (point.p99_s.value, 1e3),
        "throughput/requests_per_s": (point.throughput.value, 1.0),
        "cost/cpu_ms_per_request": (point.cpu_per_request_s.value, 1e3),
        "samples/answered_requests": (float(point.samples), 1.0),
    }
    return {tag: value * factor for tag, (value, factor) in figures.items() if value is not None}


def _write_endpoint(comparison: Comparison, entry: Entry, rows: RunRows, folder: Path) -> None:
    wall_s = datetime.fromisoformat(comparison.suite.started_at).timestamp()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"events.out.tfevents.{wall_s:.0f}.serveoff").open("wb") as file:
        records = RecordWriter(file)
        records.write(Event(wall_time=wall_s, file_version=_FIRST_RECORD).SerializeToString())
        for point in entry.points:
            if point.valid:
                summary = Summary(value=list(_values(entry, point, rows)))
                records.write(Event(wall_time=wall_s, step=point.concurrency, summary=summary).SerializeToString())


def _values(entry: Entry, point: Point, rows: RunRows) -> Iterator[Summary.Value]:
    for tag, value in scalars(point).items():
        yield Summary.Value(tag=tag, simple_value=value)
    if point is entry.alone:
        latency_s = measure(entry.result, point.load, rows).latency_s
        yield Summary.Value(tag=HISTOGRAM, histo=_histogram(latency_s * 1e3))


def _histogram(values: npt.NDArray[np.float64]) -> HistogramProto:
    """Counts in bins of equal ratio, as latencies spread; each bin is named by its upper edge."""
    low, high = float(values.min()), float(values.max())
    edges = np.geomspace(low, math.nextafter(high, math.inf), BINS + 1) if 0 < low < high else np.array([low, high])
    edges[-1] = max(edges[-1], math.nextafter(high, math.inf))
    counts, _ = np.histogram(values, edges)
    return HistogramProto(
        min=low,
        max=high,
        num=values.size,
        sum=float(values.sum()),
        sum_squares=float((values**2).sum()),
        bucket_limit=[low, *edges[1:].tolist()],
        bucket=[0.0, *counts.astype(float).tolist()],
    )
