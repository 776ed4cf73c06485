import socket

from serveoff.measure.runtimes.loopback_ports import LOOPBACK, PORTS, free_port, port_is_free
from tests.ports import free_ports


def test_a_free_port_can_be_listened_on_and_is_not_free_then():
    port = free_port()
    with socket.socket() as server:
        server.bind((LOOPBACK, port))
        server.listen()
        assert not port_is_free(port)
    assert port in range(*PORTS)


def test_several_are_each_another():
    assert len(set(free_ports(20))) == 20
