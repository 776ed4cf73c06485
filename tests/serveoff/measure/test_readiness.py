"""Readiness by a server's own word, against a real process that says it step by step."""

import os
import sys
import time
from dataclasses import replace

import pytest

from serveoff.errors import ServerFailed
from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.readiness import wait_port, wait_ready
from serveoff.measure.runtimes import processes
from serveoff.measure.runtimes.local import LocalServer
from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.services.registry import read_registry

SERVER = """
import http.server, sys
asked = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        self.send_response(200); self.end_headers()
        if self.path != "/models/digits_cnn":
            self.wfile.write(b"Healthy")
            return
        workers, asked = min(asked, 2), asked + 1
        print(workers, "READY", flush=True)
        self.wfile.write(b'{"status": "READY"}' * workers)
    def log_message(self, *a): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def start(tmp_path):
    started = []

    def start(code, workers="1"):
        port = free_port()
        torchserve = find_deployment(read_registry(environ={"WORKERS": workers}), "torchserve-torchscript")
        deployment = replace(torchserve, model="digits_cnn")
        log = tmp_path / "log"
        spawned_at = time.perf_counter()
        process = processes.spawn([sys.executable, "-c", code, str(port)], os.environ, log)
        started.append(process)
        addresses = {"rest": f"127.0.0.1:{port}", "management": f"127.0.0.1:{port}"}
        return LocalServer(deployment, process, addresses, log, spawned_at)

    yield start
    for process in started:
        processes.stop(process, grace_s=1)


def test_ready_is_later_than_the_open_port_and_waits_for_a_ready_worker(start):
    server = start(SERVER)
    port_s = wait_port(server, 20)
    assert server.log.read_text() == ""
    assert port_s < wait_ready(server, 20)
    assert server.log.read_text().splitlines() == ["0 READY", "1 READY"]


def test_every_worker_must_be_ready(start):
    server = start(SERVER, workers="2")
    wait_ready(server, 20)
    assert server.log.read_text().splitlines() == ["0 READY", "1 READY", "2 READY"]


def test_a_server_that_ends_is_reported_with_its_last_words(start):
    server = start("raise SystemExit('no memory left')")
    with pytest.raises(ServerFailed, match=r"ended \(exit code 1\) before it could open its port\nno memory left$"):
        wait_port(server, 20)


def test_the_reason_that_a_server_of_ours_names_comes_first(start):
    server = start("print('error: no such model', flush=True); print('worker exits', flush=True); raise SystemExit(3)")
    with pytest.raises(ServerFailed) as failed:
        wait_port(server, 20)
    first, *log = failed.value.problem.text.splitlines()
    assert first.endswith("ended (exit code 3) before it could open its port: no such model")
    assert log == ["error: no such model", "worker exits"]


def test_a_server_that_never_becomes_ready_is_given_up(start):
    with pytest.raises(ServerFailed, match="did not open its port within 1 s"):
        wait_port(start("import time; time.sleep(60)"), 1)
