"""Add to a synthetic run: an endpoint once more as a variant, or its one-caller slices in another encoding."""

from serveoff.record.suite import load_suite
from tests.serveoff.written_runs import add_rows, next_number, rows_by_slice, save_run, table_of


def add_variant(folder, base, variant, speedup, concurrencies=(1, 16)):
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
    wanted = [w for w in copy.windows if w.concurrency in concurrencies]
    copy.windows = _copied(folder, suite, wanted, name, speedup)
    suite.endpoints.append(copy)
    suite.settings.vary.append(variant)
    save_run(folder, suite)
    return name


def add_payload(folder, endpoint, payload, speedup, batch=1):
    """Slices of one caller in another encoding or batch, requests so many times as fast as the endpoint's own."""
    suite = load_suite(folder)
    result = suite.endpoint(endpoint)
    changes = {"payload": payload, "batch": batch, "request_bytes": 3136, "encode_s": 2e-6, "encodes": 64}
    wanted = [w for w in result.windows if w.load.plain and w.concurrency == 1]
    result.windows += _copied(folder, suite, wanted, endpoint, speedup, **changes)
    suite.settings.payloads = True
    save_run(folder, suite)


def _copied(folder, suite, windows, name, speedup, **changes):
    """Each slice once more, after the others of its round: only what follows its beginning comes sooner."""
    first, rows, copies, tables = next_number(suite), rows_by_slice(folder), [], []
    for number, window in enumerate(windows, first):
        faster = {
            "endpoint": name,
            "number": number,
            "duration_s": window.duration_s / speedup,
            "client_cpu_s": window.client_cpu_s and window.client_cpu_s / speedup,
        }
        copy = window.model_copy(deep=True, update=faster | changes)
        found = rows[window.number]
        start = window.start_s + (found["start_s"] - window.start_s) / speedup
        tables.append(table_of(copy, start, start, found["latency_s"] / speedup, found["status"]))
        copies.append(copy)
    add_rows(folder, tables)
    return copies
