"""A worker looks for the next request before it sleeps, only while that pays."""

import selectors
import socket

import pytest

from serveoff.services.flaskrest.spinning import CREDIT, RETRY, SPIN_S, Spinner


class Counting(selectors.DefaultSelector):
    """Counts how often it was asked."""

    asked = 0

    def select(self, timeout=None):
        self.asked += 1
        return super().select(timeout)


@pytest.fixture
def client_and_poller():
    client, server = socket.socketpair()
    poller = Counting()
    poller.register(server, selectors.EVENT_READ)
    with client, server:
        yield client, server, poller
    poller.close()


def looks(spinner: Spinner, poller: Counting, answers: int) -> int:
    """After how many of so many answers it looked at all."""
    count = 0
    for _ in range(answers):
        before = poller.asked
        spinner.look(poller)
        count += poller.asked > before
    return count


def test_it_begins_by_trying_once_in_a_while(client_and_poller):
    _, _, poller = client_and_poller
    assert looks(Spinner(), poller, 4 * RETRY) == 4


def test_a_request_that_is_there_is_returned_and_makes_it_look_again(client_and_poller):
    client, server, poller = client_and_poller
    spinner = Spinner()
    client.send(b"request")
    found = [ready for _ in range(RETRY) if (ready := spinner.look(poller))]
    assert [[key.fileobj for key, _ in ready] for ready in found] == [[server]]
    assert spinner.look(poller)  # nobody has read it, so it is there still: found at the very next answer


def test_it_gives_up_when_nothing_was_found_a_few_times(client_and_poller):
    client, server, poller = client_and_poller
    spinner = Spinner()
    client.send(b"request")
    while not spinner.look(poller):
        pass
    server.recv(100)
    assert looks(spinner, poller, RETRY) == CREDIT


def test_looking_in_vain_ends(client_and_poller):
    _, _, poller = client_and_poller
    spinner = Spinner()
    assert [spinner.look(poller) for _ in range(RETRY)] == [[]] * RETRY
    assert 0 < SPIN_S < 1e-3, "a worker that looks cannot do anything else"
