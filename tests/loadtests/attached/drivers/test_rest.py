"""The load generator's loop over an attached endpoint's connections, in this process."""

import itertools
import json
import threading
import time
from contextlib import closing

import numpy as np
import pytest

from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.drivers.rest import Driver
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.reading import reading
from serveoff.loadtests.attached.requests import pool_of
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.recording.statuses import TIMED_OUT
from tests.loadtests.attached import servers
from tests.loadtests.attached.drivers.driving import drive, starts, statuses

TOKEN = "sesame-open-1234"
ROWS = np.arange(6.0).reshape(3, 1, 2)


def exchange(right=1.0, **more):
    bodies = tuple(dialect("tfserving").encode("m", {"x": row}) for row in ROWS)
    return Exchange(dialect="tfserving", bodies=bodies, **more).expecting([reading(row.sum() * right) for row in ROWS])


def sums(asked):
    return servers.as_json({"predictions": [sum(row) for row in json.loads(asked.body)["instances"]]})


def judged(recording, exchange):
    pool = pool_of(exchange)
    return recording.verified.judge(pool.expected, pool.payload, pool.spec)


def test_every_sample_is_sent_with_its_headers_and_answers_are_checked():
    sent = exchange(headers={"X-Key": TOKEN})
    with servers.rest(sums) as served, closing(Driver(served.target("/v1/models/m:predict?a=b"), sent)) as driver:
        recordings = [drive(driver, sent, load) for load in ("2", "1", "poisson@200")]
    assert [statuses(recording) for recording in recordings] == [{200}] * 3
    assert {asked.body for asked in served.asked} == set(sent.bodies)
    assert {asked.path for asked in served.asked} == {"/v1/models/m:predict?a=b"}
    assert {asked.headers["x-key"] for asked in served.asked} == {TOKEN}
    assert served.asked[0].headers["host"] == f"127.0.0.1:{served.port}"
    assert len(served.asked) == sum(len(recording.rows) for recording in recordings)
    check = judged(recordings[0], sent)
    assert (check.checked, check.wrong) == (len(recordings[0].rows), 0)


@pytest.mark.skipif(not servers.has_ipv6(), reason="no IPv6 here")
def test_an_address_of_ipv6_is_driven():
    sent = exchange()
    with servers.rest(sums, host="::1") as served, closing(Driver(served.target(host="::1"), sent)) as driver:
        assert statuses(drive(driver, sent)) == {200}
    assert served.asked[0].headers["host"] == f"[::1]:{served.port}"


def test_wrong_answers_are_found():
    sent = exchange(right=1.01)
    with servers.rest(sums) as served, closing(Driver(served.target(), sent)) as driver:
        check = judged(drive(driver, sent, "2"), sent)
    assert check.wrong == check.checked > 0
    assert "is off by" in check.first_fault


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (
            302,
            {"Location": f"https://login.example.org/start?token={TOKEN}"},
            "points to https://login.example.org/start",
        ),
        (429, {"Retry-After": "17"}, "asks to wait: Retry-After 17"),
        (401, {}, "no user for …"),
        (503, {"Retry-After": "1"}, "Retry-After 1 no user"),
    ],
)
def test_a_window_of_errors_says_what_they_are_and_no_token(status, headers, said):
    sent = exchange(headers={"Authorization": f"Bearer {TOKEN}"})
    body = f"no user for {TOKEN}".encode()
    with (
        servers.rest(lambda asked: servers.Answer(body, status, headers)) as served,
        closing(Driver(served.target(), sent)) as driver,
    ):
        recording = drive(driver, sent, "2", duration_s=0.4)
    assert statuses(recording) == {status}
    assert recording.problem.code == WindowCode.ONLY_ERRORS
    assert said in recording.problem.text
    assert TOKEN not in recording.problem.text
    assert {row[6] for row in recording.rows} == {len(body)}
    assert {asked.path for asked in served.asked} == {"/"}, "a redirect is not followed"


@pytest.mark.parametrize("callers", ["1", "4"])
def test_no_request_is_sent_sooner_than_the_pace_after_the_last(callers):
    pace_s = 0.04
    begun = time.perf_counter()
    sent = exchange(pace_s=pace_s)
    with servers.rest(sums) as served, closing(Driver(served.target(), sent)) as driver:
        recordings = [drive(driver, sent, callers, duration_s=0.3) for _ in range(2)]
    sent_at = [at for recording in recordings for at in starts(recording)]
    assert len(served.asked) == len(sent_at) >= 2
    assert all(later - sooner >= pace_s for sooner, later in itertools.pairwise(sent_at))
    assert all(asked.at >= begun + number * pace_s for number, asked in enumerate(served.asked, 1))
    assert all(row[4] == 200 and row[1] == row[2] for recording in recordings for row in recording.rows)
    assert all(recording.paced for recording in recordings)


def test_a_slice_ends_though_nobody_answers_and_callers_wait_for_their_turn():
    over = threading.Event()

    def silent(listener):
        connection, _ = listener.accept()
        with connection:
            over.wait(60)

    sent = exchange(pace_s=0.6)
    with (
        servers.raw(silent) as port,
        closing(Driver(Target("prod", "rest", "127.0.0.1", port, "m", "", "/"), sent)) as d,
    ):
        recording = drive(d, sent, "3", duration_s=1.0, timeout_s=0.5)
        over.set()
    assert statuses(recording) == {TIMED_OUT}
