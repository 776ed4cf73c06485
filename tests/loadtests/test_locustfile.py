"""The load test as its callers run it: a Locust process against a server process."""

import os
import re
import signal
import subprocess
import sys
from importlib.metadata import packages_distributions
from subprocess import PIPE

import pytest

from serveoff.loadtests.recording.records import parts
from serveoff.loadtests.recording.statuses import (
    CUT_SHORT,
    GRPC_CODES,
    GRPC_STATUS,
    OK,
    REFUSED,
    TIMED_OUT,
    TOO_MANY_FILES,
)
from tests.loadtests.conftest import GRPC, GRPC_TORCHSERVE, REPOSITORY, REST
from tests.loadtests.fetch import fetch

pytestmark = pytest.mark.slow

LONG = ("--users", "4", "-r", "4", "--run-time", "60s")
SHORT = ("--users", "4", "-r", "4", "--run-time", "1s")


def measured(rows):
    return [row for row in rows if row["measured"]]


def rarer(*values):
    """A case that is much like others here, and that tests of the generator have, too."""
    return pytest.param(*values, marks=pytest.mark.long)


@pytest.mark.parametrize("endpoint", [REST, rarer(GRPC), rarer(GRPC_TORCHSERVE)])
def test_every_request_is_a_row_and_answers_are_checked(server, locust, endpoint):
    address = server.rest if endpoint == REST else server.grpc
    outcome = locust("--endpoint", endpoint, "--address", address, *SHORT)
    assert outcome.code == 0, outcome.output
    (window,) = outcome.windows
    assert window["concurrency"] == 4
    assert window["requests"] == len(measured(outcome.rows)) > 0
    assert (window["errors"], outcome.wrong_answers) == (0, 0)
    assert len(outcome.rows) == server.counters()["count"]
    for row in outcome.rows:
        assert (row["endpoint"], row["start"], row["round"], row["load"], row["status"]) == (endpoint, 0, 1, "4", 200)
        assert row["slice"] == (1 if row["measured"] else -1)
        assert row["intended_start_s"] == row["start_s"]
        assert row["bytes_out"] > 784
        assert row["bytes_in"] > 10
    assert str(outcome.rows_path) in outcome.output


@pytest.mark.parametrize("endpoint", [REST, GRPC])
def test_no_request_goes_by_a_proxy(server, locust, endpoint, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    address = server.rest if endpoint == REST else server.grpc
    (window,) = locust("--endpoint", endpoint, "--address", address, *SHORT).windows
    assert window["requests"] > 0 == window["errors"]


def test_a_latency_holds_only_the_request(server, locust):
    server.mode("slow")
    outcome = locust("--endpoint", REST, "--address", server.rest, *SHORT)
    assert all(row["latency_s"] >= 0.02 for row in outcome.rows)


def test_rest_users_keep_one_connection_each(server, locust):
    outcome = locust("--endpoint", REST, "--address", server.rest, *SHORT)
    assert outcome.windows[0]["requests"] > 4
    control = 1  # the connection that asks for the count
    assert server.counters()["connections"] == 4 + control


@pytest.mark.parametrize(("endpoint", "mode"), [(REST, "wrong"), rarer(REST, "garbage"), rarer(GRPC, "wrong")])
def test_wrong_answers_are_found(server, locust, endpoint, mode):
    server.mode(mode)
    address = server.rest if endpoint == REST else server.grpc
    outcome = locust("--endpoint", endpoint, "--address", address, *SHORT)
    (window,) = outcome.windows
    assert outcome.code == 0
    assert window["errors"] == 0
    assert outcome.wrong_answers == len(outcome.rows)
    assert "answers are wrong; the first: input" in outcome.output


@pytest.mark.parametrize(
    ("endpoint", "mode", "status"),
    [
        *((REST, "error", 503), (REST, "close", 0)),
        *(rarer(*case) for case in ((GRPC, "error", 1013), (REST, "flood", 0), (GRPC, "flood", 1008))),
    ],
)
def test_requests_without_a_good_answer_are_rows_with_their_status(server, locust, endpoint, mode, status):
    server.mode(mode)
    address = server.rest if endpoint == REST else server.grpc
    outcome = locust("--endpoint", endpoint, "--address", address, *SHORT)
    (window,) = outcome.windows
    assert outcome.code == 0
    assert window["errors"] == window["requests"] > 0
    assert outcome.wrong_answers == 0
    assert {row["status"] for row in outcome.rows} == {status}
    assert len(outcome.rows) == server.counters()["count"]


def test_what_kept_an_answer_from_a_user_is_told_apart(server, locust, free_port):
    many = ("--endpoint", REST, "--users", "120", "-r", "120", "--run-time", "2s")
    outcome = locust(*many, "--address", server.rest, open_files=90)
    found = {row["status"] for row in outcome.rows} - {CUT_SHORT}  # of users that Locust ends while they wait
    assert found == {OK, TOO_MANY_FILES}
    assert "too many open files in the load generator" in outcome.output
    outcome = locust("--endpoint", REST, "--address", f"127.0.0.1:{free_port}", *SHORT)
    assert {row["status"] for row in outcome.rows} == {REFUSED}
    assert "connection refused" in outcome.output
    outcome = locust("--endpoint", GRPC, "--address", f"127.0.0.1:{free_port}", *SHORT)
    assert {row["status"] for row in outcome.rows} == {GRPC_STATUS + GRPC_CODES.index("UNAVAILABLE")}
    assert "Connection refused" in outcome.output


@pytest.mark.parametrize(
    ("endpoint", "status", "mode"),
    [rarer(REST, TIMED_OUT, "hang"), (REST, TIMED_OUT, "drip"), rarer(GRPC, 1004, "hang")],
)
def test_a_server_that_hangs_cannot_hang_the_test(server, locust, endpoint, status, mode):
    server.mode(mode)
    address = server.rest if endpoint == REST else server.grpc
    outcome = locust("--endpoint", endpoint, "--address", address, *SHORT, "--request-timeout", "1", timeout=30)
    assert outcome.code == 0
    assert len(outcome.rows) == server.counters()["count"]
    assert {row["status"] for row in outcome.rows} == {status}
    assert all(row["latency_s"] > 0.9 for row in outcome.rows)


@pytest.fixture
def slow_to_accept(server):
    """The gRPC address of a server that takes its time before it says a word on a new connection."""
    relay = subprocess.Popen(
        [sys.executable, "-m", "tests.loadtests.slow_relay", server.grpc], cwd=REPOSITORY, stdout=PIPE, text=True
    )
    yield f"127.0.0.1:{relay.stdout.readline().strip()}"
    relay.kill()
    relay.communicate()


def test_a_busy_grpc_server_is_given_time_to_accept(slow_to_accept, locust):
    outcome = locust("--endpoint", GRPC, "--address", slow_to_accept, *SHORT)
    assert {row["status"] for row in outcome.rows} == {200}
    assert outcome.windows[0]["requests"] > outcome.wrong_answers == 0


@pytest.mark.parametrize(
    ("mode", "signum"),
    [
        *(("golden", signal.SIGINT), ("hang", signal.SIGTERM)),
        *(rarer("golden", signal.SIGTERM), rarer("hang", signal.SIGINT)),
    ],
)
def test_an_interrupted_test_writes_what_it_has(server, locust, signum, mode):
    server.mode(mode)
    options = ("--endpoint", REST, "--address", server.rest, *LONG, "--request-timeout", "60")

    def interrupt(process):
        server.wait_for(4)
        os.killpg(process.pid, signum)

    outcome = locust(*options, during=interrupt)
    assert outcome.code == 130, outcome.output
    assert all(row["latency_s"] < 60 for row in outcome.rows), "what is under way is not waited for to its end"
    assert len(outcome.rows) == server.counters()["count"] > 0
    assert "Traceback" not in outcome.output


@pytest.mark.parametrize("endpoint", [REST, rarer(GRPC)])
def test_processes_write_their_own_rows_and_are_one_window(server, locust, endpoint, free_port):
    address = server.rest if endpoint == REST else server.grpc
    master = ("--processes", "2", "--master-bind-port", free_port, "--master-port", free_port)
    outcome = locust("--endpoint", endpoint, "--address", address, *master, "--users", "4", "-r", "4", "-t", "4s")
    assert outcome.code == 0, outcome.output
    assert [p.name for p in parts(outcome.rows_path)] == ["rows.worker-0.parquet", "rows.worker-1.parquet"]
    rows = outcome.rows
    assert len(rows) == server.counters()["count"]
    assert {row["status"] for row in rows} == {200}
    (window,) = outcome.windows
    assert (window["concurrency"], outcome.wrong_answers) == (4, 0)


def test_interrupted_processes_write_what_they_have(server, locust, free_port):
    def interrupt(process):
        server.wait_for_more(100)
        os.killpg(process.pid, signal.SIGINT)

    master = ("--processes", "2", "--master-bind-port", free_port, "--master-port", free_port)
    outcome = locust("--endpoint", REST, "--address", server.rest, *LONG, *master, during=interrupt)
    assert outcome.code == 130, outcome.output
    assert measured(outcome.rows)
    in_flight = server.counters()["count"] - len(outcome.rows)
    assert 0 <= in_flight <= 4, "at most the request that each user was waiting for has no row"
    assert "Traceback" not in outcome.output


def test_an_endpoint_that_does_not_run_is_one_message(locust):
    outcome = locust("--endpoint", REST, "--users", "1", "--run-time", "1s")
    assert outcome.code == 2
    assert f"endpoint {REST} is not running" in outcome.output
    assert "serveoff serve NAME" in outcome.output
    assert "Traceback" not in outcome.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no --endpoint given"),
        (("--endpoint", "nonsense"), "endpoint nonsense is not a known endpoint"),
        (("--endpoint", REST, "--address", "nowhere"), "write it as host:port"),
        (("--endpoint", REST, "--address", "127.0.0.1:1", "--model-dir", "/nonexistent"), "run `serveoff export`"),
        (
            ("--endpoint", REST, "--address", "127.0.0.1:1", "--rows", "/dev/null/rows.parquet"),
            "name a file with --rows",
        ),
        (("--endpoint", "nonsense", "--processes", "2"), "endpoint nonsense is not a known endpoint"),
    ],
)
def test_what_cannot_be_tested_is_refused_with_the_next_step(locust, options, message):
    outcome = locust(*options)
    assert outcome.code == 2, outcome.output
    assert message in outcome.output
    assert "Traceback" not in outcome.output
    assert not parts(outcome.rows_path)


def test_the_web_page_offers_running_endpoints_and_its_tests_leave_rows(web_ui, server, tmp_path):
    from tests.loadtests.rows import read_rows

    page = fetch(web_ui)
    choices = re.search(r'"endpoint": \{.*?"choices": (\[.*?\])', page)
    assert choices, page[:2000]
    assert "tfserving-savedmodel-rest" in choices[1]
    assert "tfserving-savedmodel-grpc" in choices[1]
    assert REST not in choices[1]
    for endpoint in ("tfserving-savedmodel-rest", "tfserving-savedmodel-grpc"):
        before = server.counters()["count"]
        form = {"user_count": 2, "spawn_rate": 2, "endpoint": endpoint, "host": ""}
        assert '"success":true' in fetch(f"{web_ui}/swarm", form).replace(" ", "")
        server.wait_for(before + 20)
        assert '"success":true' in fetch(f"{web_ui}/stop", {"": ""}).replace(" ", "")
        rows = read_rows(tmp_path / "rows.parquet").to_pylist()
        assert {row["endpoint"] for row in rows} == {endpoint}
        assert len(rows) == server.counters()["count"] - before > 0


def test_no_module_beside_the_locustfile_is_called_as_a_library_s():
    """Locust puts the locustfile's folder before all others while it imports it."""
    beside = {path.stem for path in (REPOSITORY / "loadtests").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert "locustfile" in beside
    assert beside & {*sys.stdlib_module_names, *packages_distributions()} == set()
