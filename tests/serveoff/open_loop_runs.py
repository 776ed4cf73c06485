"""Add open-loop windows to a synthetic run: an honest queue in front of one server, so that its capacity is known."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.loadtests.loads import OPEN_LOOP_CONNECTIONS
from serveoff.loadtests.recording.records import COLUMNS
from serveoff.loadtests.recording.windows import Window
from serveoff.record.suite import load_suite, save_suite


def queue(rate, duration_s, mean_s, sigma, rng):
    """Arrival instants and latencies of a queue with one server and lognormal service times."""
    arrivals = np.cumsum(rng.exponential(1 / rate, int(rate * duration_s * 1.2) + 20))
    arrivals = arrivals[arrivals < duration_s]
    service = mean_s * rng.lognormal(-(sigma**2) / 2, sigma, arrivals.size)
    done, free = np.empty(arrivals.size), 0.0
    for i, (came, needs) in enumerate(zip(arrivals, service, strict=True)):
        free = max(came, free) + needs
        done[i] = free
    return arrivals, done - arrivals


def add_open_loop(
    folder, endpoint, rates, search=True, mean_s=0.001, sigma=0.3, duration_s=2.0, seed=1, part=1, **changes
):
    """Windows of these rates in every round of one endpoint; `changes` go into each window's record.

    A second call for the same endpoint is another `part` of its visits.
    """
    suite = load_suite(folder)
    result, rng = suite.endpoint(endpoint), np.random.default_rng(seed)
    for round_ in range(1, suite.settings.rounds + 1):
        rows, tables = Path("rows") / f"{endpoint}--r{round_}-{part}.parquet", []
        for number, rate in enumerate(rates):
            start = 1_790_000_000.0 + 1000 * round_ + 10 * number
            came, latency = queue(rate, duration_s, mean_s, sigma, rng)
            waits = np.maximum(0.0, latency - 5 * mean_s)
            tables.append(_table(endpoint, round_, number, start + came, waits, latency - waits))
            window = {
                "concurrency": OPEN_LOOP_CONNECTIONS,
                "arrivals": "poisson",
                "rate": rate,
                "search": search,
                "round": round_,
                "number": number,
                "start_s": start,
                "duration_s": duration_s,
                "rows": str(rows),
                "requests": came.size,
                "errors": 0,
                "answers_checked": 20,
                "wrong_answers": 0,
                "server_cpu_s": mean_s * came.size,
                "server_peak_memory_bytes": 500_000_000,
                "client_cpu_s": 0.2 * duration_s,
                "late_s": 0.0001,
                "problems": [],
            }
            result.windows.append(Window(**{**window, **changes}))
        pq.write_table(pa.concat_tables(tables), folder / rows)
    save_suite(folder, suite)


def _table(endpoint, round_, number, due, waits, latency):
    count = due.size
    columns = {
        "endpoint": [endpoint] * count,
        "round": np.full(count, round_),
        "concurrency": np.full(count, OPEN_LOOP_CONNECTIONS),
        "window": np.full(count, number),
        "measured": np.ones(count, bool),
        "intended_start_s": due,
        "start_s": due + waits,
        "latency_s": latency,
        "status": np.full(count, 200),
        "bytes_out": np.full(count, 17_000),
        "bytes_in": np.full(count, 200),
    }
    return pa.table({f.name: pa.array(columns[f.name]).cast(f.type) for f in COLUMNS}, schema=COLUMNS)
