"""The headline table from the raw rows: python docs/recipes/headline_duckdb.py results/<run id>.

In DuckDB's own shell: SET VARIABLE run = 'results/<run id>'; then the query below.
"""

import sys

import duckdb

QUERY = r"""
WITH endpoints AS (
    SELECT unnest(endpoints) AS e FROM read_json(getvariable('run') || '/run.json')
),
windows AS (
    SELECT e.endpoint AS endpoint, unnest(e.windows) AS w FROM endpoints
),
fewest AS (
    SELECT endpoint, w FROM windows
    WHERE w.arrivals = 'closed' AND w.payload = '' AND w.batch = 1
    QUALIFY w.concurrency = min(w.concurrency) OVER (PARTITION BY endpoint)
),
answered AS (  -- several load generators write parts of one file: F.worker-0.parquet, F.worker-1.parquet
    SELECT 'rows/' || regexp_replace(parse_filename(filename), '\.worker-\d+', '') AS file, round, "window" AS number,
           (start_s - intended_start_s + latency_s) * 1e3 AS latency_ms
    FROM read_parquet(getvariable('run') || '/rows/*.parquet', filename = true)
    WHERE measured AND status = 200
),
by_window AS (
    SELECT endpoint, w.concurrency AS callers, w.duration_s AS seconds, list(latency_ms) AS latencies
    FROM fewest JOIN answered ON w.rows = file AND w.round = round AND w.number = number
    GROUP BY endpoint, w
)
SELECT endpoint, callers, len(flatten(list(latencies))) AS samples,
       list_aggregate(flatten(list(latencies)), 'quantile_cont', 0.50) AS p50_ms,
       list_aggregate(flatten(list(latencies)), 'quantile_cont', 0.90) AS p90_ms,
       list_aggregate(flatten(list(latencies)), 'quantile_cont', 0.99) AS p99_ms,
       samples / sum(seconds) AS req_per_s
FROM by_window GROUP BY endpoint, callers ORDER BY p50_ms
"""


def headline(run: str) -> duckdb.DuckDBPyRelation:
    """Per endpoint, with its fewest callers: samples, p50, p90 and p99 in ms, and answered requests a second."""
    database = duckdb.connect()
    database.execute("SET VARIABLE run = $run", {"run": run})
    return database.sql(QUERY)


if __name__ == "__main__":
    headline(sys.argv[1]).show(max_rows=1000, max_width=160)
