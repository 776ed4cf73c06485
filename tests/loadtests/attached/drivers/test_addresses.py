"""A host of several addresses is asked at one that answers."""

import socket

from serveoff.loadtests.attached.drivers.addresses import address_of, first_that_accepts
from serveoff.loadtests.endpoints import Target
from tests.ports import free_ports


def at(port):
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)


def test_the_first_that_accepts_is_asked():
    silent, other = free_ports(2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert first_that_accepts([at(silent), at(port), at(other)]) == at(port)
        assert first_that_accepts([at(silent), at(other)]) == at(silent)
        assert first_that_accepts([at(silent)]) == at(silent)


def test_a_name_has_addresses():
    assert address_of(Target("prod", "rest", "127.0.0.1", 80, "m", "", "/"))[4] == ("127.0.0.1", 80)
