"""The whole service as a process: gunicorn, our worker, sockets."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest

from serveoff.models.golden import Golden
from serveoff.models.manifest import read_manifest
from serveoff.models.spec import FORMATS
from tests.bad_inputs import GOOD, MODEL, PREDICT, Case, accepted, cases, echoes_little, send
from tests.services.flaskrest.serving import COMMAND, HOST, Server, environment, free_port, serve, wait_ready

pytestmark = pytest.mark.slow
IN_EVERY_RUN = ("onnx", "torch_export", "torchscript")
"""Formats that are served here in every run of the tests; those of the others are served in tests/e2e/, too."""
GOOD_BYTES = (
    f"POST {PREDICT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(GOOD.body)}\r\n\r\n"
).encode() + GOOD.body


@pytest.fixture(scope="module")
def null_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(Path("/nowhere"), "null", tmp_path_factory.mktemp("null")) as server:
        yield server


@pytest.fixture(scope="module")
def threaded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(Path("/nowhere"), "null", tmp_path_factory.mktemp("threads"), threads_per_worker=2) as server:
        yield server


def connect(server: Server) -> socket.socket:
    return socket.create_connection((HOST, server.port), timeout=10)


def read_answer(client: socket.socket) -> tuple[int, bytes]:
    """Status and body of one answer on a connection that stays open."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(client)
    head, body = data.split(b"\r\n\r\n", 1)
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += _more(client)
    return int(head.split()[1]), body


def _more(client: socket.socket) -> bytes:
    data = client.recv(65536)
    if not data:
        raise ConnectionError("closed")
    return data


def is_closed(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def count(server: Server, status: int) -> float:
    """What /metrics says of answers with a status."""
    for line in server.ask("GET", "/metrics").body.decode().splitlines():
        if line.startswith("inference_requests_total") and f'status="{status}"' in line:
            return float(line.rpartition(" ")[2])
    return 0.0


@pytest.mark.parametrize("case", cases("flask-tuned"), ids=str)
def test_bad_input_is_refused_and_the_next_good_request_succeeds(null_server: Server, case: Case) -> None:
    answer = send(HOST, null_server.port, case)
    assert answer.status in case.allowed("flask-tuned")
    assert set(answer.json()) == {"error"}
    assert echoes_little(answer.body)
    assert send(HOST, null_server.port, GOOD).status == 200


@pytest.mark.parametrize("case", accepted("flask-tuned"), ids=str)
def test_unusual_good_input_is_accepted(null_server: Server, case: Case) -> None:
    assert send(HOST, null_server.port, case).status == 200


@pytest.mark.parametrize("case", cases("flask-tuned"), ids=str)
def test_bad_input_is_refused_by_several_threads_too(threaded_server: Server, case: Case) -> None:
    answer = send(HOST, threaded_server.port, case)
    assert answer.status in case.allowed("flask-tuned")
    assert set(answer.json()) == {"error"}
    assert echoes_little(answer.body)


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        f"POST {PREDICT} HTTP/1.1\r\nContent-Length: x\r\n\r\n".encode(),
        f"POST {PREDICT} HTTP/1.1\r\nContent-Length: -1\r\n\r\n".encode(),
        f"POST {PREDICT} HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!".encode(),
        f"POST {PREDICT} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode(),
        f"POST {PREDICT} HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
        b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 20_000,
    ],
    ids=[
        "no HTTP",
        "version",
        "length of words",
        "negative length",
        "two lengths",
        "chunk size",
        "two ways",
        "endless head",
    ],
)
def test_what_is_no_http_is_refused_at_once_in_json(null_server: Server, data: bytes) -> None:
    with connect(null_server) as client:
        client.sendall(data)
        status, body = read_answer(client)
        assert 400 <= status < 500
        assert set(json.loads(body)) == {"error"}
        assert is_closed(client)
    assert send(HOST, null_server.port, GOOD).status == 200


def test_a_connection_is_kept_for_many_requests(null_server: Server) -> None:
    with connect(null_server) as client:
        for _ in range(50):
            client.sendall(GOOD_BYTES)
            assert read_answer(client)[0] == 200


def test_a_client_error_leaves_the_connection_usable(null_server: Server) -> None:
    with connect(null_server) as client:
        client.sendall(f"POST {PREDICT} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n[".encode() + GOOD_BYTES)
        assert read_answer(client)[0] == 400


def test_pipelined_requests_are_answered_in_order(null_server: Server) -> None:
    with connect(null_server) as client:
        client.sendall(GOOD_BYTES * 2 + b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(65536), b""))
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.endswith(b'{"status":"alive"}')


def test_a_client_that_waits_is_told_to_continue(null_server: Server) -> None:
    head, body = GOOD_BYTES.split(b"\r\n\r\n", 1)
    with connect(null_server) as client:
        client.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        assert read_answer(client)[0] == 200


def test_idle_and_slow_clients_hold_nobody_up(null_server: Server) -> None:
    clients = [connect(null_server) for _ in range(40)]
    try:
        for index, client in enumerate(clients):
            client.sendall(GOOD_BYTES[: 100 * index])  # some nothing, some a part of the head, some of the body
        assert send(HOST, null_server.port, GOOD).status == 200
        for index, client in enumerate(clients):
            client.sendall(GOOD_BYTES[100 * index :])
            assert read_answer(client)[0] == 200
    finally:
        for client in clients:
            client.close()


def test_a_request_on_its_way_is_answered_after_sigterm(tmp_path: Path) -> None:
    with serve(Path("/nowhere"), "null", tmp_path) as server, connect(server) as slow, connect(server) as idle:
        idle.sendall(GOOD_BYTES)
        read_answer(idle)
        slow.sendall(GOOD_BYTES[:-10])
        server.ask("GET", "/healthz")
        server.process.send_signal(signal.SIGTERM)
        assert is_closed(idle)
        slow.sendall(GOOD_BYTES[-10:])
        assert read_answer(slow)[0] == 200
        assert server.process.wait(10) == 0


def test_two_workers_count_together(tmp_path: Path) -> None:
    with serve(Path("/nowhere"), "null", tmp_path, workers=2) as server:
        assert json.loads(wait_ready(server).body)["workers_ready"] == 2
        for _ in range(20):
            assert send(HOST, server.port, GOOD).status == 200
        assert {count(server, 200) for _ in range(10)} == {20.0}
        assert len(server.tree()) == 3


def test_a_killed_worker_is_replaced_and_counted(tmp_path: Path) -> None:
    with serve(Path("/nowhere"), "null", tmp_path) as server:
        worker = server.tree()[1]
        worker.kill()
        worker.wait(10)
        wait_ready(server)
        assert json.loads(server.ask("GET", "/readyz").body)["workers_ready"] == 1
        assert send(HOST, server.port, GOOD).status == 200


def test_workers_leave_when_their_master_is_killed(tmp_path: Path) -> None:
    with serve(Path("/nowhere"), "null", tmp_path) as server:
        workers = server.tree()[1:]
        server.process.kill()
        server.process.wait()
        assert not psutil.wait_procs(workers, timeout=10)[1]


def test_metrics_move(null_server: Server) -> None:
    before = count(null_server, 200), count(null_server, 404)
    send(HOST, null_server.port, GOOD)
    null_server.ask("POST", "/v1/models/nope:predict", GOOD.body)
    assert (count(null_server, 200), count(null_server, 404)) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    "format", [f if f in IN_EVERY_RUN else pytest.param(f, marks=pytest.mark.long) for f in FORMATS]
)
def test_answers_agree_with_golden_outputs(model_dir: Path, tmp_path: Path, golden: Golden, format: str) -> None:
    images, expected = golden.inputs["image"], golden.outputs["probabilities"]
    with serve(model_dir, format, tmp_path) as server:
        ready = json.loads(server.ask("GET", "/readyz").body)
        assert (ready["format"], ready["device"]) == (format, "cpu")
        for start in (0, 1, 2):
            rows = images[start : start + 1 + start]
            body = json.dumps({"instances": rows.tolist()}).encode()
            as_json = server.ask("POST", PREDICT, body, content_type="application/json")
            shape = ",".join(map(str, rows.shape))
            as_bytes = server.ask(
                "POST", PREDICT, rows.tobytes(), content_type="application/octet-stream", x_tensor_shape=shape
            )
            assert as_json.body == as_bytes.body
            predictions = np.array(as_json.json()["predictions"])
            np.testing.assert_allclose(predictions, expected[start : start + 1 + start], atol=1e-5)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_altered_artifact_is_refused(model_dir: Path, tmp_path: Path, workers: int) -> None:
    copy = tmp_path / MODEL
    shutil.copytree(model_dir, copy)
    artifact = copy / read_manifest(copy).artifacts["torchscript"].path
    file = artifact if artifact.is_file() else artifact / "model.pt"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    code, message = start_and_fail(copy, "torchscript", tmp_path, workers=workers)
    assert code == 3
    assert "was changed after its export" in message


@pytest.mark.parametrize(
    ("format", "settings", "says"),
    [
        ("tflite", {}, "SERVING_FORMAT is 'tflite'"),
        ("null", {"workers": "many"}, "SERVING_WORKERS is 'many'"),
        ("null", {"model": "nope"}, "nope"),
        ("torchscript", {"device": "cuda"}, "SERVING_DEVICE is cuda"),
    ],
)
def test_an_unusable_setting_is_exit_code_3(
    model_dir: Path, tmp_path: Path, format: str, settings: dict[str, object], says: str
) -> None:
    if settings.get("device") == "cuda" and Path("/dev/nvidia0").exists():
        pytest.skip("there is a GPU here")
    code, message = start_and_fail(model_dir, format, tmp_path, **settings)
    assert code == 3
    assert says in message


def start_and_fail(
    model_dir: Path, format: str, work_dir: Path, command: Sequence[str] = COMMAND, **settings: object
) -> tuple[int, str]:
    """Exit code and the line that begins with `error: `."""
    env = environment(model_dir, format, work_dir, free_port(), **settings)
    done = subprocess.run(command, env=env, capture_output=True, timeout=120)
    (line,) = (line for line in done.stderr.decode().splitlines() if line.startswith("error: "))
    assert b"Traceback" not in done.stderr
    return done.returncode, line
