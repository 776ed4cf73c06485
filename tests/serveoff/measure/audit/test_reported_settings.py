"""How each server is set, by its own word: answers and logs as they were read from the real ones."""

import http.server
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from serveoff.measure.audit.reported_settings import SETTINGS, read_precision, read_settings, told_by
from serveoff.record.resources import Resources
from serveoff.services.registry import Deployment, read_registry
from serveoff.services.reported_settings import line_of

FLASK = (
    '{"status":"ready","server":"flask","model":"digits_cnn","format":"torchscript","device":"cpu","framework":"torch",'
    '"framework_version":"2.13.0","workers":4,"workers_ready":3,"threads_per_worker":2,"intra_op_threads":5,'
    '"batch_size":8,"batch_delay_ms":7}'
)
TORCHSERVE = """[{"modelName": "digits_cnn", "minWorkers": 1, "maxWorkers": 9, "batchSize": 16, "maxBatchDelay": 1,
 "workers": [{"id": "9000", "status": "READY", "gpu": false}, {"id": "9001", "status": "READY", "gpu": false},
 {"id": "9002", "status": "UNLOADING", "gpu": false}], "customizedMetadata": {"device": "cpu", "intra_op_threads": 5}}]
"""
TORCHSERVE_LOG = (
    "Max heap size: 494 M\nNetty threads: 2\nNetty client threads: 4\nDefault workers per model: 1\n"
    'Model config: {"digits_cnn": {"1.0": {"minWorkers": 1, "batchSize": 4, "maxBatchDelay": 9}}}\n'
)
"""Its last line is what was asked for, and not what is so."""
EMBEDDED = (
    '2026-11-24 19:05:48,026 I serveoff-settings {{"batch_size": {}, "batch_delay_ms": {}}}\n'
    '2026-11-24 19:05:48,026 I serveoff-settings {{"intra_op_threads": {}, "threads_per_worker": {}}}\n'
)
REAL = "2026-11-24 19:05:48.026: I tensorflow_serving/model_servers/server.cc:425] Running gRPC ModelServer at :8500\n"


@dataclass(frozen=True)
class Answering:
    """A deployment of the registry, as if it ran."""

    deployment: Deployment
    addresses: dict[str, str]
    log: Path


@pytest.fixture
def answering(tmp_path):
    said = SimpleNamespace(body="")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said.body.encode())

        def log_message(self, *_): ...

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def running(name: str, body: str = "", log: str = "", **changes: object) -> Answering:
        said.body = body
        (tmp_path / "log").write_text(log)
        deployment = replace(next(d for d in read_registry(environ={}) if d.name == name), **changes)
        return Answering(
            deployment, dict.fromkeys(deployment.ports, f"127.0.0.1:{server.server_port}"), tmp_path / "log"
        )

    yield running
    server.shutdown()
    server.server_close()


def test_flask_says_which_lower_precision_it_computes_in(answering):
    assert read_precision(answering("flask-tuned-onnx", '{"executor":"","precision":"int8","workers":1}')) == "int8"
    assert read_precision(answering("flask-tuned-onnx", '{"precision":""}')) == ""
    assert read_precision(answering("tfserving-savedmodel", '{"precision":"int8"}')) == ""


def test_flask_tells_all_of_it_and_counts_the_workers_that_are_there(answering):
    assert read_settings(answering("flask-torchscript", FLASK)) == {
        "workers": 3,
        "threads_per_worker": 2,
        "intra_op_threads": 5,
        "batch_size": 8,
        "batch_delay_ms": 7,
    }


def test_the_null_service_has_no_framework_to_tell_of(answering):
    told = read_settings(
        answering("flask-tuned-null", FLASK.replace('"intra_op_threads":5', '"intra_op_threads":null'))
    )
    assert "intra_op_threads" not in told
    assert told["workers"] == 3


def test_torchserve_tells_by_its_management_api_and_its_log(answering):
    assert read_settings(answering("torchserve-torchscript", TORCHSERVE, TORCHSERVE_LOG)) == {
        "workers": 2,
        "threads_per_worker": 2,
        "intra_op_threads": 5,
        "batch_size": 16,
        "batch_delay_ms": 1,
    }


def test_the_embedded_model_server_tells_by_its_log_and_has_no_workers(answering):
    told = read_settings(answering("tfserving-savedmodel", log=EMBEDDED.format(16, 2, 3, 4)))
    assert told == {"threads_per_worker": 4, "intra_op_threads": 3, "batch_size": 16, "batch_delay_ms": 2}


def test_of_a_log_that_went_on_after_a_new_start_the_last_word_counts(answering):
    log = EMBEDDED.format(1, 0, 2, 2) + EMBEDDED.format(16, 2, 3, 4)
    assert read_settings(answering("tfserving-savedmodel", log=log))["batch_size"] == 16


def test_what_words_around_a_setting_say_does_not_matter_and_a_torn_line_says_nothing(answering):
    log = f'{line_of(batch_size=4)}\nserveoff-settings {{"batch_size": 9, 2026-11-24 }}\nBatches of at most 7 rows\n'
    assert read_settings(answering("tfserving-savedmodel", log=log)) == {"batch_size": 4}


@pytest.mark.parametrize(
    ("name", "body", "log"),
    [("tfserving-savedmodel", "", REAL), ("flask-torchscript", "{}", ""), ("torchserve-torchscript", "", "")],
)
def test_what_a_server_does_not_tell_is_not_made_up(answering, name, body, log):
    assert read_settings(answering(name, body, log)) == {}


def test_a_server_or_a_log_that_is_gone_tells_nothing(answering):
    server = answering("torchserve-torchscript", TORCHSERVE, TORCHSERVE_LOG)
    server.log.unlink()
    gone = replace(server, addresses=dict.fromkeys(server.addresses, "127.0.0.1:1"))
    assert read_settings(gone) == {}


def test_another_server_needs_labels_only(answering):
    new = answering("flask-tuned-null", "pool: 6", settings=("rest/pool",), settings_match={"workers": r"pool: (\d+)"})
    assert read_settings(new) == {"workers": 6}


def test_a_floor_tells_by_its_first_event():
    assert told_by({"event": "ready", "device": "cpu", "intra_op_threads": 2}) == {"intra_op_threads": 2}
    assert told_by({"event": "ready", "intra_op_threads": None}) == {}


def test_every_served_deployment_of_the_registry_tells_and_names_settings_that_there_are():
    assert set(SETTINGS) <= set(Resources.model_fields)
    for deployment in read_registry(environ={}):
        if deployment.server != "inprocess":
            assert deployment.settings, deployment.name
            assert set(deployment.settings_match) <= set(SETTINGS), deployment.name
