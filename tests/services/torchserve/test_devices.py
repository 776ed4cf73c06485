"""The device of a TorchServe worker: asked of a real one, and of the handler as if there were a GPU."""

from __future__ import annotations

import json
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from serveoff.models import formats
from serveoff.models.catalog import load_spec
from serveoff.models.formats import Loaded
from serveoff.services.runtimes import null
from serveoff.services.runtimes import torch as torch_runtime
from serveoff.services.torchserve import handler
from tests.bad_inputs import GOOD, MODEL, Case, send

NO_BODY, QUESTION = [{}], {"describe": "True"}


@pytest.mark.slow
def test_the_management_api_tells_where_a_worker_computes(server):
    (model,) = json.loads(server.get("MANAGEMENT", f"/models/{MODEL}?customized=true"))
    expected = "cuda:0" if torch_runtime.has_gpu() else "cpu"
    assert model["customizedMetadata"] == {"device": expected, "intra_op_threads": 1}
    assert send("127.0.0.1", server.port("REST"), GOOD).status == 200


@pytest.mark.slow
def test_a_clients_header_of_that_name_asks_nothing(server):
    headers = {"Content-Type": "application/json", "describe": "True"}
    answer = send("127.0.0.1", server.port("REST"), Case("describe", (200,), GOOD.body, headers=headers))
    assert (answer.status, set(answer.json())) == (200, {"predictions"})


def context(headers, model_dir=""):
    return SimpleNamespace(
        metrics=Mock(),
        system_properties={"model_dir": str(model_dir)},
        get_all_request_header=lambda index: headers,
        set_response_content_type=lambda *_: None,
        set_response_status=lambda *_: None,
    )


@pytest.fixture
def worker(monkeypatch, model_dir):
    """A handler, initialised in this process as TorchServe would in its worker, as if there were a GPU."""

    def start(device, computes_on):
        asked = []

        def load(*_, device, **__):
            asked.append(device)
            return Loaded(null.load(load_spec(MODEL)), computes_on, intra_op_threads=3)

        monkeypatch.setattr(handler, "die_with_parent", lambda: None)
        monkeypatch.setattr(handler, "quieten_logging", lambda: None)
        monkeypatch.setattr(torch_runtime, "has_gpu", lambda: True)
        monkeypatch.setattr(formats.find("torchscript"), "load", load)
        for name, value in {"MODEL_DIR": model_dir, "FORMAT": "torchscript", "DEVICE": device}.items():
            monkeypatch.setenv(f"SERVING_{name}", str(value))
        worker = handler.Handler()
        worker.initialize(context({}, model_dir))
        return worker, asked

    return start


@pytest.mark.parametrize(
    ("device", "loaded_on", "computes_on"),
    [("cuda", "cuda:0", "cuda:0"), ("auto", "cuda:0", "cuda:0"), ("cpu", "cpu", "cpu"), ("cuda", "cuda:0", "cpu")],
)
def test_a_worker_tells_what_it_computes_on_not_what_was_asked_for(worker, device, loaded_on, computes_on):
    running, asked = worker(device, computes_on)
    assert asked == [loaded_on]
    (answer,) = running.handle(NO_BODY, context(QUESTION))
    assert json.loads(answer) == {"device": computes_on, "intra_op_threads": 3}


def test_a_question_with_a_body_is_a_prediction(worker):
    running, _ = worker("cuda", "cuda:0")
    (answer,) = running.handle([{"body": GOOD.body}], context({**QUESTION, "content-type": "application/json"}))
    assert set(json.loads(answer)) == {"predictions"}
