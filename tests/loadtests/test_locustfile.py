"""The load test as its callers run it: a Locust process against a server process."""

import os
import re
import signal
import subprocess
import sys
from importlib.metadata import packages_distributions
from subprocess import PIPE

import pytest

from serveoff.loadtests.recording.rows import parts
from tests.loadtests.conftest import GRPC, GRPC_TORCHSERVE, REPOSITORY, REST
from tests.loadtests.fetch import fetch

pytestmark = pytest.mark.slow

STAGES = ("--stages", "1:0.5,4:0.5", "--warmup", "0.3")


def measured(rows, concurrency):
    return [row for row in rows if row["measured"] and row["concurrency"] == concurrency]


@pytest.mark.parametrize("endpoint", [REST, GRPC, GRPC_TORCHSERVE])
def test_every_request_is_a_row_and_answers_are_checked(server, locust, endpoint):
    address = server.rest if endpoint == REST else server.grpc
    outcome = locust("--endpoint", endpoint, "--address", address, *STAGES, "--round", "3")
    assert outcome.code == 0, outcome.output
    rows = outcome.rows
    assert len(rows) == server.counters()["count"]
    assert {(row["endpoint"], row["round"], row["status"]) for row in rows} == {(endpoint, 3, 200)}
    assert [w["concurrency"] for w in outcome.windows] == [1, 4]
    for window in outcome.windows:
        assert window["requests"] == len(measured(rows, window["concurrency"])) > 0
        assert window["errors"] == window["wrong_answers"] == 0
        assert window["problems"] == []
        assert 0 < window["answers_checked"] <= window["requests"]
        assert window["max_abs_error"] < 1e-6
        assert window["client_cpu_s"] > 0
        assert window["client_peak_memory_bytes"] > 1e6
    assert outcome.summary["payload"] == {REST: "json", GRPC: "tensor", GRPC_TORCHSERVE: "bytes"}[endpoint]


def test_rows_lie_in_their_window_and_hold_only_the_request(server, locust):
    server.mode("slow")
    outcome = locust("--endpoint", REST, "--address", server.rest, *STAGES)
    assert len(outcome.windows) == 2
    for window in outcome.windows:
        rows = measured(outcome.rows, window["concurrency"])
        assert rows
        begin, end = window["start_s"], window["start_s"] + window["duration_s"]
        assert all(begin - 1e-5 <= row["start_s"] <= end + 1e-5 for row in rows)
        assert all(row["latency_s"] >= 0.02 for row in rows)
        assert all(row["intended_start_s"] == row["start_s"] for row in rows)
        assert all(row["bytes_out"] > 784 and row["bytes_in"] > 10 for row in rows)


def test_rest_users_keep_one_connection_each(server, locust):
    outcome = locust("--endpoint", REST, "--address", server.rest, "--stages", "4:0.5")
    assert outcome.windows[0]["requests"] > 4
    control = 1  # the connection that asks for the count
    assert server.counters()["connections"] == 4 + control


@pytest.mark.parametrize("mode", ["wrong", "zeros", "garbage"])
def test_wrong_answers_are_found(server, locust, mode):
    server.mode(mode)
    outcome = locust("--endpoint", REST, "--address", server.rest, "--stages", "2:0.4")
    (window,) = outcome.windows
    assert outcome.code == 0
    assert window["errors"] == 0
    assert window["wrong_answers"] == window["answers_checked"] > 0
    assert "answers are wrong" in window["problems"][0]["text"]


def test_wrong_grpc_answers_are_found(server, locust):
    server.mode("wrong")
    (window,) = locust("--endpoint", GRPC, "--address", server.grpc, "--stages", "2:0.4").windows
    assert window["wrong_answers"] == window["answers_checked"] > 0
    assert window["max_abs_error"] == pytest.approx(0.01, rel=1e-3)


def test_the_null_deployment_is_expected_to_answer_zeros(server, locust):
    server.mode("zeros")
    (window,) = locust("--endpoint", "flask-null-rest", "--address", server.rest, "--stages", "2:0.4").windows
    assert window["answers_checked"] > 0
    assert window["wrong_answers"] == 0


@pytest.mark.parametrize(("endpoint", "status"), [(REST, 503), (GRPC, 1013)])
def test_refusals_are_rows_with_their_status(server, locust, endpoint, status):
    server.mode("error")
    address = server.rest if endpoint == REST else server.grpc
    outcome = locust("--endpoint", endpoint, "--address", address, "--stages", "2:0.5")
    (window,) = outcome.windows
    assert outcome.code == 0
    assert window["errors"] == window["requests"] > 0
    assert window["answers_checked"] == 0
    assert {row["status"] for row in outcome.rows} == {status}
    assert len(outcome.rows) == server.counters()["count"]
    assert "nothing but errors" in window["problems"][0]["text"]
    assert "asked to fail" in window["problems"][0]["text"]


def test_an_answer_cut_short_is_no_answer(server, locust):
    server.mode("close")
    outcome = locust("--endpoint", REST, "--address", server.rest, "--stages", "2:0.5")
    assert {row["status"] for row in outcome.rows} == {0}
    assert "no answer" in outcome.windows[0]["problems"][0]["text"]


@pytest.mark.parametrize(("endpoint", "status"), [(REST, 0), (GRPC, 1014)])
def test_a_server_killed_in_a_window_ends_it_with_the_reason(server, locust, endpoint, status):
    address = server.rest if endpoint == REST else server.grpc
    options = ("--endpoint", endpoint, "--address", address, "--stages", "2:30,4:30")

    def kill_in_the_window(_):
        server.wait_for_more(10)
        server.kill()

    outcome = locust(*options, during=kill_in_the_window, timeout=45)
    assert outcome.code == 0, outcome.output
    first, second = outcome.windows
    assert first["duration_s"] < 30, "it was given up before its end"
    assert first["requests"] > first["errors"] > 0
    assert second["errors"] == second["requests"]
    assert all("server stopped answering" in w["problems"][0]["text"] for w in outcome.windows)
    failed = [row for row in outcome.rows if row["status"] != 200]
    assert status in {row["status"] for row in failed}
    assert len(failed) < 2000, "users back off from a dead server"


@pytest.mark.parametrize(("endpoint", "status"), [(REST, 0), (GRPC, 1004)])
def test_a_server_that_hangs_cannot_hang_the_test(server, locust, endpoint, status):
    server.mode("hang")
    address = server.rest if endpoint == REST else server.grpc
    options = ("--endpoint", endpoint, "--address", address, "--stages", "2:0.5", "--request-timeout", "1")
    outcome = locust(*options, timeout=30)
    assert outcome.code == 0
    rows = outcome.rows
    assert len(rows) == server.counters()["count"]
    assert {row["status"] for row in rows} == {status}
    assert all(row["latency_s"] > 0.9 for row in rows)


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
    outcome = locust("--endpoint", GRPC, "--address", slow_to_accept, "--stages", "2:0.5")
    assert {row["status"] for row in outcome.rows} == {200}
    assert outcome.windows[0]["requests"] > 0


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("mode", ["golden", "hang"])
def test_an_interrupted_test_writes_what_it_has(server, locust, signum, mode):
    server.mode(mode)
    options = ("--endpoint", REST, "--address", server.rest, "--stages", "4:60", "--request-timeout", "60")

    def interrupt(process):
        server.wait_for(4)
        os.killpg(process.pid, signum)

    outcome = locust(*options, during=interrupt)
    assert outcome.code == 130, outcome.output
    assert outcome.summary["interrupted"] is True
    (window,) = outcome.windows
    assert window["problems"][0] == {"code": "interrupted", "text": "interrupted", "advice": ""}
    assert window["duration_s"] < 60
    assert all(row["latency_s"] < 60 for row in outcome.rows), "what is under way is not waited for to its end"
    assert len(outcome.rows) == server.counters()["count"] > 0
    assert "Traceback" not in outcome.output


def test_plain_locust_use_is_one_window(server, locust):
    options = ("--endpoint", REST, "--address", server.rest, "--users", "3", "-r", "3", "--run-time", "1s")
    outcome = locust(*options)
    assert outcome.code == 0, outcome.output
    (window,) = outcome.windows
    assert window["concurrency"] == 3
    assert window["requests"] == len(measured(outcome.rows, 3)) > 0
    assert len(outcome.rows) == server.counters()["count"]
    assert str(outcome.rows_path) in outcome.output


@pytest.mark.parametrize(
    ("endpoint", "how"),
    [(REST, ("--users", "4", "-r", "4", "-t", "2s")), (GRPC, ("--stages", "2:1,4:1"))],
)
def test_processes_write_their_own_rows_and_one_summary(server, locust, endpoint, how, free_port):
    address = server.rest if endpoint == REST else server.grpc
    master = ("--processes", "2", "--master-bind-port", free_port, "--master-port", free_port)
    outcome = locust("--endpoint", endpoint, "--address", address, *master, *how)
    assert outcome.code == 0, outcome.output
    assert [p.name for p in parts(outcome.rows_path)] == ["rows.worker-0.parquet", "rows.worker-1.parquet"]
    rows = outcome.rows
    assert len(rows) == server.counters()["count"]
    assert {row["status"] for row in rows} == {200}
    assert sum(w["requests"] for w in outcome.windows) == sum(row["measured"] for row in rows) > 0
    assert [w["concurrency"] for w in outcome.windows] == ([4] if "--users" in how else [2, 4])
    assert all(w["answers_checked"] > 0 and w["problems"] == [] for w in outcome.windows)


def test_interrupted_processes_write_what_they_have(server, locust, free_port):
    def interrupt(process):
        server.wait_for_more(100)
        os.killpg(process.pid, signal.SIGINT)

    master = ("--processes", "2", "--master-bind-port", free_port, "--master-port", free_port)
    options = ("--endpoint", REST, "--address", server.rest, "--stages", "4:60")
    outcome = locust(*options, *master, during=interrupt)
    assert outcome.code == 130, outcome.output
    assert outcome.summary["interrupted"] is True
    (window,) = outcome.windows
    assert window["requests"] == sum(row["measured"] for row in outcome.rows) > 0
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
        (("--endpoint", REST, "--stages", "many"), "'many' is not load:seconds"),
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
    assert outcome.summary == {}


def test_the_web_page_offers_running_endpoints_and_its_tests_leave_rows(web_ui, server, tmp_path):
    from serveoff.loadtests.recording.rows import read_rows

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


def test_with_one_caller_what_the_server_says_of_itself_is_kept(server, locust):
    page = f"http://{server.rest}/metrics"
    options = ("--endpoint", REST, "--address", server.rest, "--stages", "1:0.4,2:0.4", "--counters", page)
    outcome = locust(*options)
    one, two = outcome.windows
    begin, end = one["start_s"], one["start_s"] + one["duration_s"]
    settling = sum(row["start_s"] < begin for row in outcome.rows)
    until_the_next = sum(end <= row["start_s"] < two["start_s"] for row in outcome.rows)
    assert one["timed"] == one["requests"] > 0
    assert one["timings_s"] == {"predict": pytest.approx(0.00025), "total": pytest.approx(0.0005)}
    (asked,) = one["counters"].items()
    assert asked[0] == 'asked_total{model="m"}', "counters, and no gauge"
    assert one["requests"] <= asked[1] <= one["requests"] + settling + until_the_next, "it is read around the window"
    assert (two["timed"], two["timings_s"], two["counters"]) == (0, {}, {})


def test_a_grpc_server_says_it_by_counters_only(server, locust):
    page = f"http://{server.rest}/metrics"
    options = ("--endpoint", GRPC, "--address", server.grpc, "--stages", "1:0.4", "--counters", page)
    (window,) = locust(*options).windows
    assert window["timed"] == 0
    assert window["counters"]['asked_total{model="m"}'] >= window["requests"] > 0


def test_counters_that_cannot_be_read_are_missing_and_nothing_fails(server, locust, free_port):
    page = f"http://127.0.0.1:{free_port}/metrics"
    outcome = locust("--endpoint", REST, "--address", server.rest, "--stages", "1:0.4", "--counters", page)
    assert outcome.code == 0, outcome.output
    (window,) = outcome.windows
    assert (window["counters"], window["errors"], window["problems"]) == ({}, 0, [])


def test_no_module_beside_the_locustfile_is_called_as_a_library_s():
    """Locust puts the locustfile's folder before all others while it imports it."""
    beside = {path.stem for path in (REPOSITORY / "loadtests").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert "locustfile" in beside
    assert beside & {*sys.stdlib_module_names, *packages_distributions()} == set()
