"""The headline table from the raw rows: python docs/recipes/headline_pandas.py results/<run id>."""

import json
import sys
from pathlib import Path

import pandas as pd


def headline(run: Path) -> pd.DataFrame:
    """Per endpoint, with its fewest callers: samples, p50, p90 and p99 in ms, and answered requests a second."""
    plain = plain_slices(run)
    fewest = plain[plain["concurrency"] == plain.groupby("endpoint")["concurrency"].transform("min")]
    found = answered_rows(run).merge(fewest[["number", "concurrency"]], left_on="slice", right_on="number")
    percentiles = found.groupby("endpoint")["latency_ms"].quantile([0.5, 0.9, 0.99]).unstack()
    table = found.groupby("endpoint").agg(callers=("concurrency", "first"), samples=("latency_ms", "size"))
    table[["p50_ms", "p90_ms", "p99_ms"]] = percentiles
    table["req_per_s"] = table["samples"] / fewest.groupby("endpoint")["duration_s"].sum()
    return table.sort_values("p50_ms")


def plain_slices(run: Path) -> pd.DataFrame:
    """The slices of callers that wait for their answers: single rows, the endpoint's own encoding, nothing amiss."""
    lines = (run / "slices.jsonl").read_text(encoding="utf-8").splitlines()
    defaults = {"arrivals": "closed", "payload": "", "batch": 1, "problems": []}
    slices = pd.DataFrame([defaults | json.loads(line) for line in lines])
    slices = slices[slices["problems"].str.len() == 0]
    return slices.query("arrivals == 'closed' and payload == '' and batch == 1")


def answered_rows(run: Path) -> pd.DataFrame:
    """The rows that count: their slice, and their latency from when they were due."""
    rows = pd.concat(map(pd.read_parquet, sorted((run / "rows").glob("*.parquet"))))
    rows = rows[rows["measured"] & (rows["status"] == 200)]
    waited_s = rows["start_s"] - rows["intended_start_s"]
    return rows[["endpoint", "slice"]].astype({"endpoint": str}).assign(latency_ms=(waited_s + rows["latency_s"]) * 1e3)


if __name__ == "__main__":
    print(headline(Path(sys.argv[1])).to_string(float_format="{:.4g}".format))
