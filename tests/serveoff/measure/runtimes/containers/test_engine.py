"""Every way in which there may be no usable engine is one clear error."""

import http.server
import json
import os
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from serveoff.errors import EngineFailure, ExitCode
from serveoff.measure.runtimes.containers.engine import _is_local, connect


@contextmanager
def engine_of_version(api: str):
    """An engine that knows its version and nothing else."""
    answers = {"version": {"Version": "19.3", "ApiVersion": api, "KernelVersion": "?"}, "info": {"CgroupVersion": "2"}}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(answers[self.path.rsplit("/", 1)[-1]]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def docker_command(tmp_path, monkeypatch):
    """A docker command that only knows the version of its Compose."""

    def install(compose_version: str, code: int = 0) -> None:
        command = tmp_path / "docker"
        command.write_text(f"#!/bin/sh\necho {compose_version}\nexit {code}\n")
        command.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return install


@pytest.mark.parametrize(
    ("info", "local"),
    [
        ({"OperatingSystem": "Debian GNU/Linux 13", "SecurityOptions": ["name=seccomp,profile=builtin"]}, True),
        ({"OperatingSystem": "Debian GNU/Linux 13", "SecurityOptions": ["name=rootless", "name=cgroupns"]}, False),
        ({"OperatingSystem": "Docker Desktop", "SecurityOptions": None}, False),
    ],
)
def test_containers_of_a_rootless_engine_or_of_a_desktop_have_addresses_of_another_network(monkeypatch, info, local):
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(sysname="Linux", release="6.1"))
    client = SimpleNamespace(api=SimpleNamespace(base_url="http+docker://localhost"))
    assert _is_local(client, {"KernelVersion": "6.1"}, info) is local


def test_no_engine_is_an_error_with_the_next_action(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineFailure, match="no Docker engine answers") as caught:
        connect()
    assert "make compare" in caught.value.hint
    assert caught.value.exit_code == ExitCode.ENGINE


def test_an_old_engine_is_named_with_what_is_needed(monkeypatch):
    with engine_of_version("1.39") as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(EngineFailure, match=r"Docker 19\.3 is too old: its API is 1\.39, 1\.41 is needed"):
            connect()


@pytest.mark.parametrize(
    ("version", "code", "message"),
    [("2.20.3", 0, "Compose 2.20.3 is too old"), ("v1.29.2", 0, "too old"), ("unknown command", 1, "is not installed")],
)
def test_an_old_or_missing_compose_is_named(monkeypatch, docker_command, version, code, message):
    docker_command(version, code)
    with engine_of_version("1.44") as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(EngineFailure, match=message) as caught:
            connect()
    assert "Docker Compose 2.24.4 or newer" in caught.value.hint


def test_no_docker_command_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with engine_of_version("1.44") as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(EngineFailure, match="the docker command cannot be run"):
            connect()


def test_an_engine_elsewhere_is_reached_but_not_taken_for_local(monkeypatch, docker_command):
    docker_command("v2.26.1-4")
    with engine_of_version("1.44") as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        engine = connect()
    assert engine.description == "Docker 19.3, Compose 2.26.1-4, cgroup v2"
    assert not engine.is_local
