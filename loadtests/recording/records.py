"""The raw record of one request, in base units, and the file of all of them."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

COLUMNS: Final = pa.schema(
    [
        pa.field("endpoint", pa.dictionary(pa.int16(), pa.string())),
        pa.field("round", pa.int16()),
        pa.field("concurrency", pa.int16()),
        pa.field("window", pa.int16()),  # number of the window in its load test, from 0; -1: in none
        pa.field("measured", pa.bool_()),  # False: warm-up or between windows; stored, never counted
        pa.field("intended_start_s", pa.float64()),  # when it was due (open loop); else as start_s
        pa.field("start_s", pa.float64()),  # seconds since the epoch, to the microsecond
        pa.field("latency_s", pa.float64()),  # seconds from start to the last byte of the answer
        pa.field("status", pa.int32()),  # HTTP status; gRPC: 200 for OK, else 1000 + the gRPC code; 0: no answer
        pa.field("bytes_out", pa.int32()),  # request body
        pa.field("bytes_in", pa.int32()),  # answer body
    ]
)
