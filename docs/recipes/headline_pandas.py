"""The headline table from the raw rows: python docs/recipes/headline_pandas.py results/<run id>."""

import json
import re
import sys
from pathlib import Path

import pandas as pd

WINDOW = ["rows", "round", "number"]


def headline(run: Path) -> pd.DataFrame:
    """Per endpoint, with its fewest callers: samples, p50, p90 and p99 in ms, and answered requests a second."""
    suite = json.loads((run / "run.json").read_text(encoding="utf-8"))
    windows = pd.json_normalize(suite["endpoints"], "windows", "endpoint")
    plain = windows.query("arrivals == 'closed' and payload == '' and batch == 1")
    fewest = plain[plain["concurrency"] == plain.groupby("endpoint")["concurrency"].transform("min")]

    found = fewest[["endpoint", "concurrency", "duration_s", *WINDOW]].merge(answered_rows(run / "rows"), on=WINDOW)
    percentiles = found.groupby("endpoint")["latency_ms"].quantile([0.5, 0.9, 0.99]).unstack()
    seconds = found.drop_duplicates(["endpoint", *WINDOW]).groupby("endpoint")["duration_s"].sum()
    table = found.groupby("endpoint").agg(callers=("concurrency", "first"), samples=("latency_ms", "size"))
    table[["p50_ms", "p90_ms", "p99_ms"]] = percentiles
    table["req_per_s"] = table["samples"] / seconds
    return table.sort_values("p50_ms")


def answered_rows(folder: Path) -> pd.DataFrame:
    """The rows that count, each with the key of its window, and its latency from when it was due."""
    # Several load generators write parts of one file: F.worker-0.parquet, F.worker-1.parquet.
    parts = {file: re.sub(r"\.worker-\d+", "", f"rows/{file.name}") for file in folder.glob("*.parquet")}
    rows = pd.concat(pd.read_parquet(file).assign(rows=name) for file, name in parts.items())
    rows = rows[rows["measured"] & (rows["status"] == 200)].rename(columns={"window": "number"})
    waited_s = rows["start_s"] - rows["intended_start_s"]
    return rows[WINDOW].assign(latency_ms=(waited_s + rows["latency_s"]) * 1e3)


if __name__ == "__main__":
    print(headline(Path(sys.argv[1])).to_string(float_format="{:.4g}".format))
