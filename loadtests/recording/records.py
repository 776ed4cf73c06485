"""The raw record of one request, in base units, and the file of all of them."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

COLUMNS: Final = pa.schema(
    [
        pa.field("endpoint", pa.dictionary(pa.int16(), pa.string())),
        pa.field("start", pa.int16()),  # which life of the server's process, from 1; 0: not known
        pa.field("round", pa.int16()),
        pa.field(
            "slice", pa.int32()
        ),  # number of the slice in its run, or of the window in a test by hand; -1: in none
        pa.field("load", pa.dictionary(pa.int16(), pa.string())),  # as serveoff.loadtests.loads.parse_load reads it
        pa.field("concurrency", pa.int16()),
        pa.field("measured", pa.bool_()),  # False: warm-up, lead-in or drain; stored, never counted
        pa.field("intended_start_s", pa.float64()),  # when it was due (open loop); else as start_s
        pa.field("start_s", pa.float64()),  # seconds since the epoch, to the microsecond
        pa.field("latency_s", pa.float64()),  # seconds from start to the last byte of the answer
        pa.field("status", pa.int32()),  # HTTP status; gRPC: 200 for OK, else 1000 + the gRPC code; 0: no answer
        pa.field("bytes_out", pa.int32()),  # request body
        pa.field("bytes_in", pa.int32()),  # answer body
    ]
)
