"""The real process: it starts, answers, stops at once, and says what is wrong in one line."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from serveoff.models.spec import REPOSITORY

COMMAND = [sys.executable, "-m", "serveoff.report.web"]
FORBIDDEN = (
    "torch",
    "tensorflow",
    "keras",
    "sklearn",
    "ts",
    "locust",
    "gevent",
    "grpc",
    "docker",
    "psutil",
    "pynvml",
    "rich",
    "typer",
    "yaml",
    "models",
    "services",
)


def start(results, **settings):
    environ = {**os.environ, "REPORT_PORT": "0", "SERVEOFF_RESULTS": str(results), **settings}
    return subprocess.Popen(COMMAND, cwd=REPOSITORY, env=environ, stderr=subprocess.PIPE, text=True)


def run(results, **settings):
    with start(results, **settings) as process:
        _, said = process.communicate(timeout=60)
    return process.returncode, said


class Running:
    """A page that listens, with the line it said."""

    def __init__(self, results, **settings):
        self.process = start(results, **settings)
        self.said = self.process.stderr.readline()
        self.host, self.port = re.search(r"http://(.*):(\d+)/", self.said).groups()

    def get(self, path):
        """Raw: no client makes the path tidy first."""
        connection = http.client.HTTPConnection(self.host.strip("[]"), int(self.port), timeout=60)
        connection.putrequest("GET", path, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture
def page(results):
    running = Running(results)
    yield running
    running.process.kill()
    running.process.communicate()


@pytest.mark.slow
def test_it_serves_until_sigterm_and_ends_at_once_with_0(page):
    assert page.get("/healthz") == (200, '{"status":"alive"}\n')
    assert page.get("/runs/before/")[0] == 200
    for path in ("/runs/../", "/runs/%2e%2e/", "/runs/..%2f..%2fetc/", "//etc/passwd", "/static/../app.py"):
        assert page.get(path)[0] in (404, 308), path
    with socket.create_connection((page.host, int(page.port))) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 200")
        assert page.stop() == (0, ""), "it waits for no client that keeps its connection"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_ctrl_c_and_a_closed_terminal_end_it_as_quietly(page, number):
    assert page.get("/healthz")[0] == 200
    assert page.stop(number) == (0, "")


@pytest.mark.slow
def test_a_results_folder_that_is_not_there_is_an_empty_list(tmp_path):
    running = Running(tmp_path / "later", REPORT_HOST="localhost")
    try:
        status, text = running.get("/")
        assert status == 200
        assert "No runs yet" in text
    finally:
        assert running.stop()[0] == 0


@pytest.mark.parametrize("port", ["http", "-1", "65536", "80.5", " ", "٨٠", "1_000"])
def test_a_port_that_is_none_is_one_line_and_exit_code_2(tmp_path, port):
    returncode, said = run(tmp_path, REPORT_PORT=port)
    assert (returncode, said) == (2, f"error: REPORT_PORT is {port!r}: use a whole number from 0 to 65535\n")


@pytest.mark.parametrize("host", ["999.0.0.1", "203.0.113.1", "no such host", "x" * 100])
def test_a_host_that_cannot_be_listened_on_is_one_line_and_exit_code_2(tmp_path, host):
    returncode, said = run(tmp_path, REPORT_HOST=host)
    assert returncode == 2
    assert re.fullmatch(rf"error: cannot listen on {re.escape(host)}:0: .+; set REPORT_HOST and REPORT_PORT .+\n", said)


def test_a_taken_port_is_one_line_and_exit_code_2(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        returncode, said = run(tmp_path, REPORT_PORT=str(port))
    assert returncode == 2
    assert said.startswith(f"error: cannot listen on 127.0.0.1:{port}: Address already in use; set REPORT_HOST")
    assert said.count("\n") == 1


def test_no_framework_is_loaded_for_any_page(results):
    code = f"""
import sys
from pathlib import Path
import serveoff.report.web.__main__
from serveoff.report.web.app import create_app
client = create_app(Path({str(results)!r})).test_client()
for path in ("/", "/runs/before/", "/runs/before/report.json", "/runs/before/report.csv", "/runs/before/report.md",
             "/compare?a=before&b=after"):
    assert client.get(path).status_code == 200, path
print(sorted(set({FORBIDDEN!r}) & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert result.stdout.strip() == "[]"
