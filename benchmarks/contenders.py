"""Who serves the model in `bench_service`: our service, the naive Flask app, FastAPI, LitServe and MLServer."""

import http.client
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.service_processes import MissingToolError, Server, on_server_core, ours, serve
from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.models import agreement, zoo
from serveoff.models.golden import Golden
from serveoff.models.manifest import read_manifest
from serveoff.models.spec import REPOSITORY, model_dir
from serveoff.models.tensors import Array, take

MODEL = "digits_cnn"
SPEC = zoo.load_spec(MODEL)
INPUT, OUTPUT = SPEC.inputs[0].name, SPEC.outputs[0].name
OURS = "ours"
NAIVE = "naive Flask"
PEER_PYTHON = REPOSITORY / ".venv-peers" / "bin" / "python"
READY_S = 60.0


@dataclass(frozen=True)
class Contender:
    """A server: how it is started, how it wants its request, and where its answer holds the rows."""

    name: str
    start: Callable[[Path], AbstractContextManager[Server]]
    body: Callable[[Array], Any]
    rows: Callable[[Any], Any]


@contextmanager
def _naive(folder: Path) -> Iterator[Server]:
    """`--timeout=0`: the master would take its worker for hung after it was frozen."""
    port = free_port()
    options = ["--workers=1", "--worker-class=sync", "--timeout=0", "--no-control-socket", f"--bind=127.0.0.1:{port}"]
    command = on_server_core(sys.executable, "-m", "gunicorn", *options, "benchmarks.naive_flask:app")
    with serve(command, {"NAIVE_MODEL": _artifact()}, port, f"/v1/models/{MODEL}:predict", folder) as server:
        yield server


@contextmanager
def _mlserver(folder: Path) -> Iterator[Server]:
    """No parallel workers and no access log: one process for one model, as the others, and its fastest way."""
    port, own = free_port(), folder / "mlserver"
    own.mkdir()
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": 0,
        "debug": False,
        "metrics_dir": str(own / "metrics"),
        "environments_dir": str(own / "environments"),
    }
    model = {"name": "digits", "implementation": "benchmarks.peers.mlserver_model.Digits"}
    (own / "settings.json").write_text(json.dumps(settings))
    (own / "model-settings.json").write_text(json.dumps(model))
    command = on_server_core(str(PEER_PYTHON), "-m", "mlserver.cli.main", "start", str(own))
    env = {"PEER_MODEL": _artifact(), "PYTHONPATH": str(REPOSITORY)}
    with serve(command, env, port, "/v2/models/digits/infer", folder) as server:
        yield server


@contextmanager
def _peer(module: str, folder: Path) -> Iterator[Server]:
    port = free_port()
    command = on_server_core(str(PEER_PYTHON), "-m", f"benchmarks.peers.{module}")
    with serve(command, {"PEER_MODEL": _artifact(), "PEER_PORT": str(port)}, port, "/predict", folder) as server:
        yield server


def _instances(image: Array) -> Any:
    return {"instances": image.tolist()}


def _tensor(image: Array) -> Any:
    """MLServer's documentation sends the numbers flat."""
    data = image.ravel().tolist()
    return {"inputs": [{"name": INPUT, "shape": list(image.shape), "datatype": "FP32", "data": data}]}


def _outputs(answer: Any) -> Any:
    return np.reshape(answer["outputs"][0]["data"], answer["outputs"][0]["shape"])


CONTENDERS = (
    Contender(OURS, partial(ours, MODEL, "torchscript"), _instances, itemgetter("predictions")),
    Contender(NAIVE, _naive, _instances, itemgetter("predictions")),
    Contender("FastAPI, uvicorn", partial(_peer, "fastapi_app"), _instances, itemgetter("predictions")),
    Contender("LitServe", partial(_peer, "litserve_app"), _instances, itemgetter("predictions")),
    Contender("MLServer", _mlserver, _tensor, _outputs),
)


def first_row(golden: Golden) -> Golden:
    """One image and its golden answer: what every contender is asked, over and over."""
    return Golden(take(golden.inputs, slice(1)), take(golden.outputs, slice(1)))


def document(contender: Contender, golden: Golden) -> Any:
    """The golden inputs as this contender wants them."""
    return contender.body(golden.inputs[INPUT])


def check(contender: Contender, server: Server, golden: Golden) -> None:
    """Wait until the server answers, and compare; MissingToolError if it does not, ValueError if it is wrong."""
    body = json.dumps(document(contender, golden)).encode()
    deadline = time.monotonic() + READY_S
    while (answer := _ask(server, body))[0] != http.client.OK:
        if time.monotonic() > deadline:
            raise MissingToolError(f"{contender.name} answers {answer[0]}: {answer[1][:500]!r}")
        time.sleep(0.2)
    errors = agreement.compare({OUTPUT: np.array(contender.rows(json.loads(answer[1])))}, golden.outputs)
    if errors.wrong.any():
        raise ValueError(f"{contender.name} answers wrongly, by {errors.error.max():g}")


def _ask(server: Server, body: bytes) -> tuple[int, bytes]:
    url = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=30)
    try:
        connection.request("POST", url.path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    except ConnectionError as error:
        return 0, str(error).encode()
    finally:
        connection.close()


def _artifact() -> str:
    path = model_dir(MODEL) / read_manifest(model_dir(MODEL)).artifacts["torchscript"].path
    return str(path / "model.pt" if path.is_dir() else path)
