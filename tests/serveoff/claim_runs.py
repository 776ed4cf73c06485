"""Add to a synthetic run what claims are judged by: layers asked for, replicas counted, floors called in other ways."""

from serveoff.record.endpoint_results import LayerProbe, Replication
from serveoff.record.suite import load_suite
from tests.serveoff.variant_runs import add_payload
from tests.serveoff.written_runs import save_run

LAYER = "dense1"


def answered(values=(0.5, 0.25), slower=1.0):
    """A layer that was returned, at so many times the latency of the final outputs."""
    without = [0.001 + 0.00001 * (i % 5) for i in range(30)]
    times = {"with_layer_s": [slower * s for s in without], "without_s": without}
    return LayerProbe(layer=LAYER, outcome="answered", shape=[1, len(values)], values=list(values), **times)


def refused(reason="a static graph returns its final outputs only", outcome="refused"):
    """A layer that was not."""
    return LayerProbe(layer=LAYER, outcome=outcome, reason=reason)


def set_layers(folder, **probes):
    """What each Flask deployment said when it was asked for a layer, by format."""
    suite = load_suite(folder)
    for endpoint in suite.endpoints:
        if endpoint.server == "flask" and endpoint.format in probes:
            endpoint.layers = probes[endpoint.format]
    save_run(folder, suite)


def set_replication(folder, lines, cores=(0, 1, 2, 3)):
    """Lines that one more replica takes, by endpoint, and the servers' cores."""
    suite = load_suite(folder)
    for name, count in lines.items():
        suite.endpoint(name).replication = Replication(by_setting=count < 10, lines=count)
    suite.settings.server_cpus = list(cores)
    save_run(folder, suite)


def serve_natively(folder):
    """Let TensorFlow Serving itself have served what the stand-in did."""
    suite = load_suite(folder)
    for endpoint in suite.endpoints:
        endpoint.server = endpoint.server.replace("tfserving-embedded", "tfserving")
    save_run(folder, suite)


def add_batches(folder, endpoints, rows=32):
    """The endpoints' single rows again as batches, half as fast, so that contrasts stay what they were."""
    for name in endpoints:
        add_payload(folder, name, "", speedup=0.5, batch=rows)


def add_predict(folder, speedup, rows=1):
    """Keras's `model.predict` in process, so many times as fast as the eager call."""
    add_payload(folder, "inprocess-keras-eager", "keras_predict", speedup=speedup, batch=rows)
