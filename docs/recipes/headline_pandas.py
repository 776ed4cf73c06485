"""The headline table from the raw rows: python docs/recipes/headline_pandas.py results/<run id>."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd


def headline(run: Path) -> pd.DataFrame:
    """Per endpoint, with its fewest callers: samples, p50, p90 and p99 in ms, and answered requests a second."""
    plain = plain_slices(run)
    fewest = plain[plain["concurrency"] == plain.groupby("endpoint")["concurrency"].transform("min")]
    columns = ["number", "concurrency", "duration_s"]
    found = answered_rows(run).merge(plain[columns], left_on="slice", right_on="number")
    found[["latency_ms", "duration_s"]] = found[["latency_ms", "duration_s"]].div(slower(found), axis=0)
    found = found[found["slice"].isin(fewest["number"])]
    percentiles = found.groupby("endpoint")["latency_ms"].quantile([0.5, 0.9, 0.99]).unstack()
    table = found.groupby("endpoint").agg(callers=("concurrency", "first"), samples=("latency_ms", "size"))
    table[["p50_ms", "p90_ms", "p99_ms"]] = percentiles
    table["req_per_s"] = table["samples"] / found.drop_duplicates("slice").groupby("endpoint")["duration_s"].sum()
    return table.sort_values("p50_ms")


def slower(rows: pd.DataFrame) -> pd.Series:
    """How many times slower than the mean round the round of each row was for all endpoints."""
    round_, own = ["concurrency", "round"], ["concurrency", "endpoint"]
    medians = np.log(rows.groupby([*round_, "endpoint", "slice"])["latency_ms"].median()).rename("log").reset_index()
    had = medians.groupby(own)["log"].transform("size")
    all_of_them = had >= 0.9 * had.groupby(medians["concurrency"]).transform("max")
    later = medians.assign(first=medians["log"] - medians.groupby(own)["log"].transform("mean"))[all_of_them]
    first = later.groupby(round_)["first"].median()
    first = (first - first.groupby("concurrency").transform("mean")).reset_index()
    medians["told"] = medians["log"] - medians[round_].merge(first, how="left")["first"].fillna(0.0)
    medians["slower"] = medians["log"] - medians.groupby(own)["told"].transform("mean")
    usual = medians[round_].drop_duplicates().assign(slower=0.0)
    beyond = pd.concat([medians, usual]).groupby(round_)["slower"]
    found = beyond.median()[beyond.size() > 2]
    found = np.exp(found - found.groupby("concurrency").transform("mean")).reset_index()
    return rows[round_].merge(found, how="left")["slower"].fillna(1.0)


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
    latency_s = rows["start_s"] - rows["intended_start_s"] + rows["latency_s"]
    kept = rows[["endpoint", "start", "round", "slice"]].astype({"endpoint": str})
    return kept.assign(latency_ms=latency_s * 1e3)


if __name__ == "__main__":
    print(headline(Path(sys.argv[1])).to_string(float_format="{:.4g}".format))
