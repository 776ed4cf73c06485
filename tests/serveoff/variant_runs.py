"""Add to a synthetic run: an endpoint once more as a variant, or its one-caller windows in another encoding."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.record.suite import load_suite, save_suite


def add_variant(folder, base, variant, speedup, seed_s=1e-6, concurrencies=(1, 16)):
    """Copy an endpoint's rows as those of a variant whose latencies are divided by `speedup`."""
    suite = load_suite(folder)
    original = suite.endpoint(base)
    suffix = "." + variant.replace("=", "-")
    deployment, protocol = base.rsplit("-", 1)
    name = f"{deployment}{suffix}-{protocol}"
    copy = original.model_copy(
        deep=True,
        update={"endpoint": name, "deployment": f"{deployment}{suffix}", "variant": variant, "base": base},
    )
    copy.windows = [w for w in copy.windows if w.concurrency in concurrencies]
    for window in copy.windows:
        rows = Path("rows") / f"{name}--r{window.round}.parquet"
        if not (folder / rows).exists():
            _write(folder / window.rows, folder / rows, speedup, seed_s)
        window.rows = str(rows)
        window.duration_s /= speedup
        window.client_cpu_s = window.client_cpu_s and window.client_cpu_s / speedup
    suite.endpoints.append(copy)
    suite.settings.vary.append(variant)
    save_suite(folder, suite)
    return name


def add_payload(folder, endpoint, payload, speedup, seed_s=1e-6, batch=1):
    """Windows of one caller in another encoding or batch, requests so many times as fast as the endpoint's own."""
    suite = load_suite(folder)
    result = suite.endpoint(endpoint)
    for window in [w for w in result.windows if w.load.plain and w.concurrency == 1]:
        rows = Path("rows") / f"{endpoint}.{payload}x{batch}--r{window.round}.parquet"
        _write(folder / window.rows, folder / rows, speedup, seed_s)
        changes = {"rows": str(rows), "payload": payload, "batch": batch, "duration_s": window.duration_s / speedup}
        more = {
            "request_bytes": 3136,
            "encode_s": 2e-6,
            "encodes": 64,
            "client_cpu_s": window.client_cpu_s and window.client_cpu_s / speedup,
        }
        result.windows.append(window.model_copy(update=changes | more))
    suite.settings.payloads = True
    save_suite(folder, suite)


def _write(source, target, speedup, seed_s):
    table = pq.read_table(source)
    start = table["start_s"].to_numpy()
    columns = {name: table[name] for name in table.column_names}
    latency = table["latency_s"].to_numpy() / speedup
    columns["latency_s"] = pa.array(latency)
    # Every window keeps its own start: only what follows it comes sooner.
    windows = table["window"].to_numpy()
    begun = {w: start[windows == w].min() for w in set(windows.tolist())}
    moved = [begun[w] + (s - begun[w]) / speedup + seed_s for w, s in zip(windows.tolist(), start, strict=True)]
    columns["start_s"] = columns["intended_start_s"] = pa.array(moved)
    pq.write_table(pa.table(columns).cast(table.schema), target)
