"""Open loops, batches and searches by real Locust against a server that knows the golden answers."""

import subprocess
import sys

import numpy as np
import pytest

from serveoff.loadtests.problems import FELL_BEHIND
from tests.loadtests.conftest import GRPC, REPOSITORY, REST

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def run(locust, server, stages, endpoint=REST, *more):
    address = server.grpc if endpoint == GRPC else server.rest
    outcome = locust("--endpoint", endpoint, "--address", address, "--stages", stages, "--seed", "3", *more, timeout=60)
    assert outcome.code == 0, outcome.output
    return outcome


def faults(window):
    """What was wrong with a window, but for the generator's lateness: that a busy machine causes by itself."""
    return [problem for problem in window["problems"] if problem["code"] not in FELL_BEHIND]


def rows_of(outcome, window):
    return [row for row in outcome.rows if row["window"] == window]


@pytest.mark.parametrize("endpoint", [REST, GRPC])
def test_arrivals_come_at_their_rate_and_each_is_a_row(server, locust, endpoint):
    outcome = run(locust, server, "poisson@200:2,constant@100:1", endpoint)
    poisson, constant = outcome.windows
    assert poisson["requests"] == pytest.approx(400, abs=100)
    assert constant["requests"] == 100
    assert (poisson["arrivals"], poisson["rate"]) == ("poisson", 200)
    for window in outcome.windows:
        rows = rows_of(outcome, window["number"])
        assert len(rows) == window["requests"] == window["requests"] - window["errors"]
        assert all(row["start_s"] >= row["intended_start_s"] - 1e-6 for row in rows)
        assert window["late_s"] is not None
        assert window["answers_checked"] > 0 == window["wrong_answers"]


def test_the_schedule_is_the_seed_s(server, locust):
    def gaps():
        dues = sorted(row["intended_start_s"] for row in rows_of(run(locust, server, "poisson@100:1"), 0))
        return np.diff(dues)

    first, second = gaps(), gaps()
    np.testing.assert_allclose(first, second, atol=5e-6)


def test_the_latency_of_an_arrival_holds_all_that_the_server_took(server, locust):
    server.mode("slow")  # 20 ms each, and as many at a time as there are connections
    outcome = run(locust, server, "poisson@100:1.5")
    rows = rows_of(outcome, 0)
    total = [row["start_s"] - row["intended_start_s"] + row["latency_s"] for row in rows]
    assert min(total) >= 0.02
    assert faults(outcome.windows[0]) == []


def test_what_a_hanging_server_never_took_is_recorded_as_unanswered(server, locust):
    server.mode("hang")
    outcome = run(locust, server, "poisson@400:1", REST, "--request-timeout", "1")
    (window,) = outcome.windows
    rows = rows_of(outcome, 0)
    assert window["errors"] == window["requests"] == len(rows) > 300
    assert {row["status"] for row in rows} == {0}
    waited = [row["start_s"] - row["intended_start_s"] + row["latency_s"] for row in rows]
    assert min(waited) > 0.9


def test_open_and_closed_loops_and_batches_follow_one_another(server, locust):
    outcome = run(locust, server, "2:0.4,poisson@50:0.6,4:0.4", REST)
    assert [(w["concurrency"], w["arrivals"]) for w in outcome.windows] == [
        (2, "closed"),
        (256, "poisson"),
        (4, "closed"),
    ]
    assert [w["number"] for w in outcome.windows] == [0, 1, 2]
    assert all(w["requests"] > 0 and w["errors"] == 0 and faults(w) == [] for w in outcome.windows)
    assert {row["intended_start_s"] == row["start_s"] for row in rows_of(outcome, 2)} == {True}


def test_a_search_makes_all_its_probes(server, locust):
    outcome = run(locust, server, "seek@20-200p99<0.5:0.4x4", REST)
    assert len(outcome.windows) == 4
    assert all(w["search"] and w["arrivals"] == "poisson" for w in outcome.windows)
    assert outcome.windows[0]["rate"] == 63.2


def test_a_hopeless_probe_is_cut_short(server, locust):
    server.mode("hang")
    outcome = run(locust, server, "seek@300-1000p99<0.005:8x1", REST, "--request-timeout", "1")
    (window,) = outcome.windows
    assert window["duration_s"] < 8
    assert window["errors"] == window["requests"]


def test_a_generator_that_cannot_keep_up_says_so(locust, free_port):
    null = subprocess.Popen([sys.executable, "-m", "benchmarks.null_server", free_port], cwd=REPOSITORY)
    try:
        address = f"127.0.0.1:{free_port}"
        options = ("--endpoint", "flask-null-rest", "--address", address, "--stages", "4:0.3,poisson@60000:1.5")
        outcome = locust(*options, timeout=60)
    finally:
        null.kill()
        null.wait()
    assert outcome.code == 0, outcome.output
    assert any("fell behind its schedule" in problem["text"] for problem in outcome.windows[1]["problems"])
