"""Live endpoints are asked for a layer: fake ones here, and real ones of every kind."""

import http.server
import json
import threading
from dataclasses import dataclass, replace

import numpy as np
import pytest

from serveoff.loadtests.generator.commands import Drive
from serveoff.loadtests.loads import Load
from serveoff.loadtests.recording.windows import Window
from serveoff.loadtests.samples import golden_inputs
from serveoff.measure import layer_probe
from serveoff.measure.drivers import inprocess
from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.readiness import wait_ready
from serveoff.measure.runtimes.cpus import CpuPlan
from serveoff.measure.runtimes.local import LocalRuntime
from serveoff.models.tensors import rows_of
from serveoff.services.inprocess.floor import WARM_CALLS
from serveoff.services.registry import Deployment, read_registry
from tests.imported import write_model

REGISTRY = read_registry(environ={})


@dataclass(frozen=True)
class Answering:
    """A deployment of the registry, as if it ran at one address."""

    deployment: Deployment
    addresses: dict[str, str]


@pytest.fixture
def flask(model_dir):
    """Something that answers like our Flask service: `answer(query)` gives status and document."""
    servers = []

    def serve(answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                status, document = answer(self.path.partition("?")[2])
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        deployment = find_deployment(REGISTRY, "flask-torchscript")
        return deployment.endpoints[0], Answering(deployment, {"rest": f"127.0.0.1:{server.server_port}"})

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_layer_asked_for_is_the_last_hidden_one():
    assert layer_probe.asked_layer(("conv1", "conv2", "dense1", "dense2")) == "dense1"
    assert layer_probe.asked_layer(("only",)) == "only"


def test_an_answer_is_kept_and_timed_in_turns_with_the_final_outputs(flask):
    asked = []

    def answer(query):
        asked.append(query)
        return 200, {"predictions": [[0.25] * (128 if query else 10)]}

    found = layer_probe.probe(*flask(answer))
    assert (found.outcome, found.shape, found.values) == ("answered", [1, 128], [0.25] * 128)
    assert len(found.with_layer_s) == len(found.without_s) == layer_probe.PAIRS
    timed = asked[-2 * layer_probe.PAIRS :]
    assert timed == ["layer=dense1", ""] * layer_probe.PAIRS


def test_a_refusal_is_told_in_the_servers_words(flask):
    found = layer_probe.probe(*flask(lambda query: (400, {"error": "no layer can be returned: it is frozen"})))
    assert (found.outcome, found.reason) == ("refused", "no layer can be returned: it is frozen")


@pytest.mark.parametrize("answer", [(500, {"error": "out of memory"}), (200, {"error": "no predictions here"})])
def test_an_error_is_no_refusal(flask, answer):
    assert layer_probe.probe(*flask(lambda query: answer)).outcome == "failed"


def test_who_cannot_be_asked_says_so(model_dir):
    deployment = find_deployment(REGISTRY, "torchserve-torchscript")
    found = layer_probe.probe(deployment.endpoints[0], Answering(deployment, {"rest": "127.0.0.1:1"}))
    assert (found.outcome, "cannot name a layer" in found.reason) == ("not asked", True)


def test_of_a_model_that_names_no_layers_nothing_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(tmp_path))
    write_model(tmp_path / "mine")
    deployment = replace(find_deployment(REGISTRY, "flask-torchscript"), model="mine")
    found = layer_probe.probe(deployment.endpoints[0], Answering(deployment, {"rest": "127.0.0.1:1"}))
    assert (found.layer, found.outcome, found.reason) == ("", "not asked", "the model has no named layers")


def test_floors_variants_and_the_null_service_are_not_asked():
    asked = {e.name: layer_probe.wanted(e) for d in REGISTRY for e in d.endpoints}
    assert sum(asked.values()) == 13
    assert not asked["flask-tuned-null-rest"]
    variant = replace(find_deployment(REGISTRY, "flask-torchscript"), variant="workers=2")
    assert not layer_probe.wanted(variant.endpoints[0])


@pytest.fixture
def started(model_dir, tmp_path):
    """Start a real deployment, by name, and end it."""
    servers = []

    def start(name):
        runtime = LocalRuntime(CpuPlan((), ()), tmp_path, {"SERVING_MODEL": "digits_cnn"})
        deployment, _ = runtime.resolve(find_deployment(REGISTRY, name))
        servers.append(runtime.start(deployment))
        return deployment, servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.mark.slow
@pytest.mark.long
def test_real_servers_answer_or_say_why_not(started):
    deployment, server = started("flask-torch-eager")
    wait_ready(server)
    found = layer_probe.probe(deployment.endpoints[0], server)
    assert (found.outcome, found.shape) == ("answered", [1, 128])
    assert np.array(found.values).any()
    deployment, server = started("flask-torchscript")
    wait_ready(server)
    found = layer_probe.probe(deployment.endpoints[0], server)
    assert found.outcome == "refused"
    assert "final outputs only" in found.reason


@pytest.mark.slow
@pytest.mark.long
def test_a_model_server_knows_the_outputs_of_its_signature_only(started):
    deployment, server = started("tfserving-savedmodel")
    wait_ready(server)
    rest, grpc = (layer_probe.probe(endpoint, server) for endpoint in deployment.endpoints)
    assert rest.outcome == "not asked"
    assert (grpc.outcome, "dense1" in grpc.reason) == ("refused", True)


@pytest.mark.slow
def test_a_real_floor_is_called_with_batches_and_by_another_call(started):
    _, server = started("inprocess-keras-eager")
    inprocess.wait_floor(server)
    opened = []
    for load in (Load(), Load(batch=8), Load(payload="keras_predict")):
        driven = inprocess.drive_floor(server, Drive(load, 0.1, 0.5, 10.0, 1), lambda: opened.append(1))
        window = Window.model_validate(driven.window | {"round": 1})
        assert window.load == load
        assert window.requests == (driven.rows["measured"] == 1).sum() > 0
        assert driven.served == window.requests + WARM_CALLS, "what its CPU time was spent on"
        assert (driven.rows["measured"] == 0).sum() > 0, "the lead-in"
        assert window.wrong_answers == 0 < window.answers_checked
        assert window.answers_checked % load.batch == 0
        assert window.start_s == driven.rows["start_s"][driven.rows["measured"] == 1][0]
    assert len(opened) == 3
    assert rows_of(golden_inputs("digits_cnn")) == 64
    with pytest.raises(ValueError, match="one caller"):
        inprocess.drive_floor(server, Drive(Load(4), 0.1, 0.5, 10.0, 1), lambda: None)
