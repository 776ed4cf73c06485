import json
import os
import socket
import subprocess
import sys

import pytest

from serveoff.loadtests.endpoints import EndpointError, announce, find, running, withdraw
from serveoff.services.registry import read_registry

REGISTRY = {deployment.name: deployment for deployment in read_registry()}
TFSERVING = REGISTRY["tfserving-savedmodel"]


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """A state folder of the test's own, and no published port that answers."""
    monkeypatch.setenv("SERVEOFF_STATE", str(tmp_path))
    for deployment in REGISTRY.values():
        for protocol in deployment.protocols:
            monkeypatch.setenv(f"{deployment.name}-{protocol}".replace("-", "_").upper(), "1")
    return tmp_path


def test_nothing_runs_at_first():
    assert running() == []


def test_an_announced_deployment_offers_its_endpoints():
    announce(TFSERVING, {"rest": 1234, "grpc": 1235, "management": 1236}, os.getpid())
    assert [(t.name, t.address) for t in running()] == [
        ("tfserving-savedmodel-rest", "127.0.0.1:1234"),
        ("tfserving-savedmodel-grpc", "127.0.0.1:1235"),
    ]
    target = find("tfserving-savedmodel-grpc")
    assert (target.protocol, target.model, target.format) == ("grpc", "digits_cnn", "savedmodel")
    assert target.grpc_api == "tfserving"


def test_who_serves_and_who_loads_meet_wherever_each_stands(tmp_path, monkeypatch):
    monkeypatch.delenv("SERVEOFF_STATE")
    monkeypatch.setattr("serveoff.models.spec.REPOSITORY", tmp_path / "checkout")
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", "mine")
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    announce(TFSERVING, {"rest": 1234}, os.getpid())
    monkeypatch.chdir(tmp_path / "there")
    monkeypatch.delenv("SERVEOFF_ARTIFACTS")
    (target,) = running()
    assert (target.address, target.model_dir) == ("127.0.0.1:1234", str(tmp_path / "here" / "mine" / "digits_cnn"))
    assert find("tfserving-savedmodel-rest", "127.0.0.1:1234").model_dir == target.model_dir
    assert list((tmp_path / "here").iterdir()) == list((tmp_path / "there").iterdir()) == []


def test_an_announcement_can_be_withdrawn_twice():
    announce(TFSERVING, {"rest": 1234}, os.getpid())
    withdraw(TFSERVING.name)
    withdraw(TFSERVING.name)
    assert running() == []


def test_an_announcement_of_a_process_that_ended_is_stale():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    announce(TFSERVING, {"rest": 1234}, process.pid)
    assert running() == []


OURS = json.dumps({"pid": os.getpid(), "ports": {"rest": 1}})


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", OURS], ids=["empty", "cut", "list", "nothing", "no name"])
def test_files_that_announce_nothing_are_passed_over(state, text):
    (state / "running").mkdir()
    (state / "running" / "odd.json").write_text(text)
    assert running() == []


def test_a_published_port_that_answers_is_a_running_endpoint(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("FLASK_TUNED_NULL_REST", str(port))
        assert [(t.name, t.port) for t in running()] == [("flask-tuned-null-rest", port)]


def test_in_the_compose_network_an_endpoint_is_at_its_service(monkeypatch):
    asked = []

    def connect(address, timeout):
        asked.append(address)
        raise OSError

    monkeypatch.setenv("SERVEOFF_NETWORK", "compose")
    monkeypatch.setattr(socket, "create_connection", connect)
    assert running() == []
    assert ("tfserving-savedmodel", 8501) in asked
    assert ("tfserving-savedmodel", 8500) in asked


@pytest.mark.parametrize("address", ["127.0.0.1:99", "rest=127.0.0.1:99"])
def test_an_address_stands_in_for_a_running_endpoint(address):
    target = find("flask-tuned-null-rest", address)
    assert (target.host, target.port, target.format) == ("127.0.0.1", 99, "null")


@pytest.mark.parametrize(
    ("name", "address", "message"),
    [
        ("", "", "no --endpoint given"),
        ("flask-tuned-null-rest", "", "flask-tuned-null-rest is not running"),
        ("nonsense", "", "nonsense is not a known endpoint"),
        ("inprocess-savedmodel", "", "is not a known endpoint"),
        ("nonsense", "127.0.0.1:99", "not in the registry"),
        ("flask-tuned-null-rest", "here", "write it as host:port"),
    ],
)
def test_what_cannot_be_found_is_told_with_the_next_step(name, address, message):
    with pytest.raises(EndpointError, match=r"serveoff (serve|list)|host:port") as error:
        find(name, address)
    assert message in str(error.value)


def test_the_message_lists_what_runs():
    announce(TFSERVING, {"rest": 1234}, os.getpid())
    with pytest.raises(EndpointError, match="running now: tfserving-savedmodel-rest"):
        find("flask-tuned-null-rest")
