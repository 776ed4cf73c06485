"""The headline table from the raw rows: python docs/recipes/headline_duckdb.py results/<run id>.

In DuckDB's own shell: SET VARIABLE run = 'results/<run id>'; then the query below.
"""

import sys

import duckdb

QUERY = r"""
WITH slices AS (  -- what is as usual is left out of a line
    SELECT number, endpoint, concurrency, duration_s
    FROM read_json(getvariable('run') || '/slices.jsonl', format = 'newline_delimited', columns = {
        number: 'INTEGER', endpoint: 'VARCHAR', concurrency: 'INTEGER', duration_s: 'DOUBLE',
        arrivals: 'VARCHAR', payload: 'VARCHAR', batch: 'INTEGER', problems: 'JSON'})
    WHERE coalesce(arrivals, 'closed') = 'closed' AND coalesce(payload, '') = '' AND coalesce(batch, 1) = 1
      AND problems IS NULL
),
fewest AS (
    SELECT * FROM slices QUALIFY concurrency = min(concurrency) OVER (PARTITION BY endpoint)
),
answered AS (
    SELECT slice AS number, round, (start_s - intended_start_s + latency_s) * 1e3 AS latency_ms
    FROM read_parquet(getvariable('run') || '/rows/*.parquet')
    WHERE measured AND status = 200
),
medians AS (
    SELECT endpoint, concurrency, round, number, ln(median(latency_ms)) AS log
    FROM slices JOIN answered USING (number) GROUP BY ALL
),
counted AS (
    SELECT *, log - avg(log) OVER own AS first, count(*) OVER own AS had
    FROM medians WINDOW own AS (PARTITION BY endpoint, concurrency)
),
full_ones AS (  -- who had nearly all rounds says how these differ
    SELECT * FROM counted QUALIFY had >= 0.9 * max(had) OVER (PARTITION BY concurrency)
),
first AS (
    SELECT concurrency, round, median(first) AS first FROM full_ones GROUP BY concurrency, round
),
level AS (
    SELECT concurrency, round, first - avg(first) OVER (PARTITION BY concurrency) AS first FROM first
),
beyond AS (
    SELECT concurrency, round,
           log - avg(log - coalesce(level.first, 0)) OVER (PARTITION BY endpoint, concurrency) AS later
    FROM medians LEFT JOIN level USING (concurrency, round)
),
common AS (  -- what a round was slower by for all endpoints, if there are several; one more is as usual
    SELECT concurrency, round, median(later) AS later
    FROM (FROM beyond UNION ALL SELECT DISTINCT concurrency, round, 0 FROM beyond)
    GROUP BY concurrency, round HAVING count(*) > 2
),
slower AS (
    SELECT concurrency, round, exp(later - avg(later) OVER (PARTITION BY concurrency)) AS times FROM common
),
steady AS (
    SELECT endpoint, concurrency, number, latency_ms / coalesce(times, 1) AS latency_ms,
           duration_s / coalesce(times, 1) / count(*) OVER (PARTITION BY number) AS share_s
    FROM fewest JOIN answered USING (number) LEFT JOIN slower USING (concurrency, round)
)
SELECT endpoint, concurrency AS callers, count(*) AS samples,
       quantile_cont(latency_ms, 0.50) AS p50_ms,
       quantile_cont(latency_ms, 0.90) AS p90_ms,
       quantile_cont(latency_ms, 0.99) AS p99_ms,
       samples / sum(share_s) AS req_per_s
FROM steady
GROUP BY endpoint, callers ORDER BY p50_ms
"""


def headline(run: str) -> duckdb.DuckDBPyRelation:
    """Per endpoint, with its fewest callers: samples, p50, p90 and p99 in ms, and answered requests a second."""
    database = duckdb.connect()
    database.execute("SET VARIABLE run = $run", {"run": run})
    return database.sql(QUERY)


if __name__ == "__main__":
    headline(sys.argv[1]).show(max_rows=1000, max_width=160)
