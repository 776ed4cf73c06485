import socket
from types import SimpleNamespace

import pytest

from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.runtimes import local, loopback_ports, processes
from serveoff.measure.runtimes.cpus import CpuPlan
from serveoff.measure.runtimes.loopback_ports import LOOPBACK, PORTS, free_port, port_is_free
from serveoff.services.registry import read_registry
from tests.ports import free_ports


def test_a_free_port_can_be_listened_on_and_is_not_free_then():
    port = free_port()
    with socket.socket() as server:
        server.bind((LOOPBACK, port))
        server.listen()
        assert not port_is_free(port)
    assert port in range(*PORTS)


@pytest.fixture
def drawn(monkeypatch):
    """What is drawn, one after the other."""
    drawn = []
    monkeypatch.setattr(loopback_ports, "_RANDOM", SimpleNamespace(randrange=lambda *_: drawn.pop(0)))
    monkeypatch.setattr(loopback_ports, "can_listen", lambda host, port: True)
    return drawn


def test_several_are_each_another(drawn):
    drawn += [20_001, 20_001, 20_001, 20_002, 20_001, 20_003]
    assert free_ports(3) == [20_001, 20_002, 20_003]


def test_the_ports_of_one_server_are_each_another(drawn, tmp_path, monkeypatch):
    """One that its user chose is another's as well."""
    environments = []
    monkeypatch.setattr(processes, "spawn", lambda command, environ, **how: environments.append(environ))
    torchserve = find_deployment(read_registry(environ={}), "torchserve-torchscript")
    drawn += [20_001, 20_001, 20_002, 20_003, 20_001, 20_002, 20_004]
    runtime = local.LocalRuntime(CpuPlan((), ()), tmp_path, {}, ports={"metrics": 20_003})
    runtime.start(torchserve)
    runtime.close()
    ports = [environments[0][f"SERVING_{name.upper()}_PORT"] for name in torchserve.ports]
    assert len(set(ports)) == len(ports) == 4
    assert environments[0]["SERVING_METRICS_PORT"] == "20003"
