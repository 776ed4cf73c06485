"""Shapes by themselves, and by real Locust: how many users run when, and that it ends."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from serveoff.loadtests.shapes import CHOICES, MOST_USERS, SHAPES, ShapeError, check_shape
from tests.loadtests.conftest import REPOSITORY, REST
from tests.loadtests.fetch import fetch
from tests.waiting import wait_until


def levels(name, most, run_time=100):
    """The users of each second of a test, without repeats, and for how many seconds."""
    shape = SHAPES[name]
    users = np.array([shape.users(second / run_time, most) for second in range(run_time)])
    begins = np.flatnonzero(np.diff(users, prepend=-1))
    return [
        (int(users[begin]), int(length)) for begin, length in zip(begins, np.diff([*begins, run_time]), strict=True)
    ]


def test_all_shapes_are_offered():
    assert CHOICES == ("none", "ramp", "soak", "spike", "step")


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("most", [1, 2, 7, 40, MOST_USERS])
def test_a_shape_reaches_all_users_and_no_more(name, most):
    users = [count for count, _ in levels(name, most)]
    assert max(users) == most
    assert min(users) >= 1
    assert len(users) <= 20, "each number of users lasts a while"


def test_a_ramp_grows_in_twenty_steps():
    assert levels("ramp", 40) == [(2 * level, 5) for level in range(1, 21)]


def test_a_staircase_has_five_steps():
    assert levels("step", 10) == [(2, 20), (4, 20), (6, 20), (8, 20), (10, 20)]


def test_a_spike_is_a_fifth_of_the_test_in_its_middle():
    assert levels("spike", 50) == [(5, 40), (50, 20), (5, 40)]


def test_a_soak_warms_up():
    assert levels("soak", 9) == [(5, 5), (9, 95)]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"num_users": MOST_USERS + 1}, "change --users"),
        ({"num_users": 0.5}, "change --users"),
        ({"run_time": 5}, "change --run-time"),
        ({"run_time": 4000}, "change --run-time"),
    ],
)
def test_shapes_are_bounded(asked, message):
    options = {"shape": "step", "num_users": None, "run_time": None}
    check_shape(SimpleNamespace(**options))
    with pytest.raises(ShapeError, match=message):
        check_shape(SimpleNamespace(**{**options, **asked}))


TICKS = """
import json
import sys
from types import SimpleNamespace

from serveoff.loadtests.shaping import make_shape

asked, changes = [], []
environment = SimpleNamespace(runner=None, parsed_options=SimpleNamespace(run_time=40, num_users=20))
shape = make_shape(sys.argv[1], environment, lambda: changes.append(shape.get_run_time()))
for second in range(41):
    shape.get_run_time = lambda: second
    asked.append(shape.tick())
print(json.dumps([asked, changes]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_asks_for_its_users_second_by_second_and_ends_with_its_time(name):
    """In a process of its own, for Locust patches the one that imports it."""
    command = [sys.executable, "-c", TICKS, name]
    asked, changes = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=REPOSITORY).stdout)
    assert asked[40] is None
    assert [users for users, _ in asked[:40]] == [SHAPES[name].users(second / 40, 20) for second in range(40)]
    begins = np.cumsum([0, *(seconds for _, seconds in levels(name, 20, 40))])[:-1]
    assert changes == list(begins), "told before users come or go, and at no other time"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "users"),
    [pytest.param("ramp", list(range(1, 11)), marks=pytest.mark.long), ("spike", [1, 10, 1])],
)
def test_users_come_and_go_as_the_shape_says(server, locust, name, users):
    server.mode("slow")
    options = ("--shape", name, "--users", "10", "--run-time", "10s")
    outcome = locust("--endpoint", REST, "--address", server.rest, *options, timeout=40)
    assert outcome.code == 0, outcome.output
    seen = [window["concurrency"] for window in outcome.windows]
    if name == "ramp":  # the clock of a busy machine may leave one out
        assert seen == sorted(set(seen) & set(users))
        assert len(seen) >= 6
        assert seen[-1] == 10
    else:
        assert seen == users
    for window in outcome.windows:
        assert window["requests"] > window["errors"] == 0
    assert len(outcome.rows) == server.counters()["count"]
    for row in outcome.rows:
        assert row["slice"] == -1 or row["concurrency"] == seen[row["slice"] - 1]
    if name == "spike":
        begins = sorted((row["start_s"], row["latency_s"]) for row in outcome.rows if row["slice"] == 2)
        events = sorted([(start, 1) for start, _ in begins] + [(start + latency, -1) for start, latency in begins])
        assert max(np.cumsum([change for _, change in events])) == 10, "as many at a time as it says"


@pytest.mark.slow
def test_workers_share_a_shape(server, locust, free_port):
    server.mode("slow")
    master = ("--processes", "2", "--master-bind-port", free_port, "--master-port", free_port)
    options = ("--shape", "step", "--users", "10", "--run-time", "10s")
    outcome = locust("--endpoint", REST, "--address", server.rest, *master, *options)
    assert outcome.code == 0, outcome.output
    assert [window["concurrency"] for window in outcome.windows] == [2, 4, 6, 8, 10]
    assert len(outcome.rows) == server.counters()["count"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--shape", "ramp", "--run-time", "2s"), "change --run-time"),
        (("--shape", "square"), "invalid choice: 'square'"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(locust, options, message):
    outcome = locust("--endpoint", REST, "--address", "127.0.0.1:1", *options)
    assert outcome.code == 2, outcome.output
    assert message in outcome.output
    assert "Traceback" not in outcome.output


@pytest.mark.slow
def test_the_web_page_offers_shapes(web_ui, server, tmp_path):
    from tests.loadtests.rows import read_rows

    server.mode("slow")
    choices = re.search(r'"shape": \{.*?"choices": (\[.*?\])', fetch(web_ui))
    assert choices
    assert all(name in choices[1] for name in CHOICES)
    form = {"spawn_rate": 1, "endpoint": "tfserving-savedmodel-rest", "host": ""}
    shaped = fetch(f"{web_ui}/swarm", {**form, "user_count": 4, "shape": "spike", "run_time": "10s"})
    assert "Spike" in shaped
    rows_path = tmp_path / "rows.parquet"
    wait_until(rows_path.exists, "the test ends by itself and writes its rows")
    users = [row["concurrency"] for row in read_rows(tmp_path / "rows.parquet").to_pylist() if row["measured"]]
    assert set(users) == {1, 4}
    assert "Spike" not in fetch(f"{web_ui}/swarm", {**form, "user_count": 3, "shape": "none"})
    wait_until(lambda: json.loads(fetch(f"{web_ui}/stats/requests"))["state"] == "running", "all users run")
    server.wait_for_more(20)
    fetch(f"{web_ui}/stop", {"": ""})
    users = [row["concurrency"] for row in read_rows(tmp_path / "rows.parquet").to_pylist() if row["measured"]]
    assert set(users) == {3}
