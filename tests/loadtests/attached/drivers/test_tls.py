"""TLS over the load generator's own connections; the certificates are of the test's own authority."""

import socket
import ssl
import threading
from contextlib import closing, contextmanager, suppress

import pytest

from serveoff.loadtests.attached.drivers.rest import Driver
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.recording.statuses import CUT_SHORT, NO_TLS, UNTRUSTED
from tests.loadtests.attached import servers
from tests.loadtests.attached.certificates import BAD, GOOD, PEM
from tests.loadtests.attached.drivers.driving import drive, statuses
from tests.loadtests.attached.drivers.test_rest import exchange, judged, sums
from tests.ports import free_ports

TLS = {"tls": True, "ca_pem": PEM}


def test_each_caller_has_one_connection_for_all_its_requests():
    sent = exchange(**TLS)
    with servers.rest(sums, GOOD) as served, closing(Driver(served.target(host="localhost"), sent)) as driver:
        recordings = [drive(driver, sent, load) for load in ("1", "3", "2", "1")]
    assert [statuses(recording) for recording in recordings] == [{200}] * 4
    assert len(served.asked) == sum(len(recording.rows) for recording in recordings) > 4
    assert len({number for recording in recordings for number, *_ in recording.rows}) == served.connections == 3
    check = judged(recordings[1], sent)
    assert (check.checked, check.wrong) == (len(recordings[1].rows), 0)


def test_an_open_loop_goes_over_tls_too():
    sent = exchange(**TLS)
    with servers.rest(sums, GOOD) as served, closing(Driver(served.target(host="localhost"), sent)) as driver:
        recording = drive(driver, sent, "constant@100", duration_s=0.3)
    assert (statuses(recording), len(recording.rows)) == ({200}, 30)


@pytest.mark.parametrize("said", BAD)
def test_a_bad_certificate_gets_no_request_and_the_reason_is_told(said):
    sent = exchange(**TLS)
    with servers.rest(sums, BAD[said]) as served, closing(Driver(served.target(host="localhost"), sent)) as driver:
        recording = drive(driver, sent, "2", duration_s=0.4)
    assert (statuses(recording), served.asked) == ({UNTRUSTED}, [])
    assert recording.problem.code == WindowCode.SERVER_SILENT
    assert said in recording.problem.text


def test_the_systems_authorities_do_not_know_ours():
    sent = exchange(tls=True)
    with servers.rest(sums, GOOD) as served, closing(Driver(served.target(host="localhost"), sent)) as driver:
        assert statuses(drive(driver, sent)) == {UNTRUSTED}


def test_the_certificate_may_be_of_a_host_that_the_url_does_not_name():
    sent = exchange(**TLS, server_name="models.example.org")
    certificate = BAD["Hostname mismatch"]
    with servers.rest(sums, certificate) as served, closing(Driver(served.target(), sent)) as driver:
        assert statuses(drive(driver, sent)) == {200}


def test_what_is_no_certificate_is_an_error():
    with pytest.raises(ValueError, match="certificates of the authorities"):
        Driver(Target("prod", "rest", "127.0.0.1", 1, "m", "", "/"), exchange(tls=True, ca_pem="nonsense"))


def test_a_server_without_tls_is_told_so():
    sent = exchange(**TLS)
    with servers.rest(sums) as served, closing(Driver(served.target(), sent)) as driver:
        recording = drive(driver, sent, duration_s=0.4)
    assert statuses(recording) == {NO_TLS}
    assert recording.problem.text


def test_nobody_there_is_refused_as_without_tls():
    sent = exchange(**TLS)
    with closing(Driver(Target("prod", "rest", "127.0.0.1", free_ports(1)[0], "m", "", "/"), sent)) as driver:
        assert statuses(drive(driver, sent)) == {-1}


def test_bodies_and_answers_of_many_records_come_whole():
    sent = exchange(**TLS).model_copy(update={"bodies": tuple(bytes([n]) * 3_000_000 for n in range(3))})
    with (
        servers.rest(lambda asked: servers.Answer(asked.body), GOOD) as served,
        closing(Driver(served.target(host="localhost"), sent)) as driver,
    ):
        recording = drive(driver, sent, "2", timeout_s=60.0)
    assert statuses(recording) == {200}
    assert dict(recording.verified.unknown).items() <= dict(enumerate(sent.bodies)).items()
    assert {asked.body for asked in served.asked} <= set(sent.bodies)


def test_connections_that_the_server_closes_are_opened_again():
    sent = exchange(**TLS)
    with servers.rest(sums, GOOD) as served, closing(Driver(served.target(host="localhost"), sent)) as driver:
        drive(driver, sent, "2")
        served.hang_up()
        assert statuses(drive(driver, sent, "2")) <= {200, CUT_SHORT}
        assert 200 in statuses(drive(driver, sent, "2"))


@pytest.mark.parametrize("size", [1, 7, 100])
def test_records_in_pieces_are_put_together(size):
    sent = exchange(**TLS)
    with servers.rest(sums, GOOD) as served, relayed(served.port, size) as port:
        target = Target("prod", "rest", "localhost", port, "m", "", "/")
        with closing(Driver(target, sent)) as driver:
            recording = drive(driver, sent)
    assert statuses(recording) == {200}
    assert judged(recording, sent).wrong == 0


ENDLESS = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}"


@pytest.mark.parametrize(("signed", "status"), [(True, 200), (False, CUT_SHORT)])
def test_an_answer_without_a_length_ends_where_the_server_says_so_and_nobody_else(signed, status):
    def serve(listener):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        GOOD.configure_cert(context)
        connection, _ = listener.accept()
        listener.close()
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1 << 16)
            secure.sendall(ENDLESS)
            if signed:
                secure.unwrap()

    sent = exchange(**TLS)
    with servers.raw(serve) as port:
        target = Target("prod", "rest", "localhost", port, "m", "", "/")
        with closing(Driver(target, sent)) as driver:
            recording = drive(driver, sent)
    assert recording.rows[0][4] == status


@contextmanager
def relayed(port, size):
    """A port whose answers come in pieces of so many bytes."""

    def pass_on(source, sink, size):
        with suppress(OSError):
            while data := source.recv(size):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve(listener):
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = socket.create_connection(("127.0.0.1", port))
        forward = threading.Thread(target=pass_on, args=[client, server, 1 << 16], daemon=True)
        forward.start()
        with client, server:
            pass_on(server, client, size)
            forward.join()

    with servers.raw(serve) as relay:
        yield relay
