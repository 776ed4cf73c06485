"""Add to a synthetic run what its servers say of themselves, so that where the time goes is known."""

import numpy as np

from serveoff.record.suite import load_suite
from tests.serveoff.written_runs import rows_by_slice, save_run

SHARES = {"queue": 0.02, "parse": 0.2, "predict": 0.4, "encode": 0.03}
"""Of the latency; what they leave of `TOTAL` the server does not name."""
TOTAL = 0.75
ENCODE_S = 3e-5


def add_signals(folder, shares=SHARES, total=TOTAL, silent=(), lag=0):
    """Each server says by its own means that its parts are such shares of the latency that the client measured.

    Endpoints in `silent` say nothing. Counters have `lag` requests more than the window.
    """
    suite, rows = load_suite(folder), rows_by_slice(folder)
    for result in suite.endpoints:
        for window in result.windows:
            if not window.load.plain or window.concurrency != 1 or result.protocol == "call":
                continue
            window.encode_s = ENCODE_S
            if result.endpoint not in silent:
                _say(result, window, float(np.mean(rows[window.number]["latency_s"])), shares, total, lag)
    save_run(folder, suite)
    return folder


def _say(result, window, mean_s, shares, total, lag):
    count = window.requests + lag
    us = {name: share * mean_s * count * 1e6 for name, share in {**shares, "total": total}.items()}
    if result.server.startswith("flask"):
        window.timed = window.requests
        window.timings_s = {name: share * mean_s for name, share in {**shares, "total": total}.items()}
    elif result.server == "torchserve":
        labels, model = '{model_name="m",}', '{ModelName="m",Level="Model",}'
        handler = {f"handler_{name}_microseconds{model}": us[name] for name in ("parse", "predict", "encode")}
        window.counters = {f"handler_requests_total{model}": count, f"ts_inference_requests_total{labels}": count}
        window.counters |= handler
        if result.protocol == "rest":
            window.counters[f"ts_inference_latency_microseconds{labels}"] = us["total"]
            window.counters[f"ts_queue_latency_microseconds{labels}"] = us["queue"]
    else:
        request = f'{{model_name="m",API="Predict",entrypoint="{result.protocol.upper()}"}}'
        run = '{model_name="m",API="Predict",runtime="TF1"}'
        window.counters = {
            f":tensorflow:serving:request_latency_sum{request}": us["total"],
            f":tensorflow:serving:request_latency_count{request}": count,
            f":tensorflow:serving:runtime_latency_sum{run}": us["predict"],
            f":tensorflow:serving:runtime_latency_count{run}": count,
        }
