"""What is not ours is left alone once it suffers."""

import numpy as np
import pytest

from serveoff.loadtests.loads import closed, parse_load
from serveoff.loadtests.recording.statuses import OK
from serveoff.measure.attached.care import Guard
from serveoff.record.problems import RequestCode

ONE = closed(1)


def told(guard, good, bad=0, latency_s=0.01, load=ONE):
    status = np.array([OK] * good + [500] * bad, np.int32)
    return guard.told(load, status, np.full(good + bad, latency_s))


def test_one_failure_of_few_requests_is_forgiven_and_the_second_is_not():
    guard = Guard(guarded=True)
    assert told(guard, 20, 1) is None
    found = told(guard, 20, 1)
    assert found.code is RequestCode.LEFT_ALONE
    assert "2 of 42 requests failed" in found.text


def test_of_many_requests_one_in_a_hundred_may_fail():
    guard = Guard(guarded=True)
    assert told(guard, 990, 10) is None
    assert "11 of 1001" in told(guard, 0, 1).text


def test_a_p99_that_triples_and_stays_so_is_enough():
    guard = Guard(guarded=True)
    assert told(guard, 400) is None
    assert told(guard, 190, latency_s=0.02) is None
    assert told(guard, 200, latency_s=0.031) is None
    assert told(guard, 199, latency_s=0.031) is None
    assert "its p99 rose from 10 ms to 31 ms and stayed there" in told(guard, 1, latency_s=0.031).text


def test_one_stall_of_all_callers_is_forgiven_however_often_it_comes():
    guard, sixteen = Guard(guarded=True), closed(16)
    assert told(guard, 400, load=sixteen) is None
    for _ in range(3):
        assert told(guard, 16, latency_s=0.5, load=sixteen) is None
        assert told(guard, 400, load=sixteen) is None


def test_an_open_loop_queues_on_purpose():
    guard, opened = Guard(guarded=True), parse_load("poisson@500")
    assert [told(guard, 400, latency_s=0.01 * 4**n, load=opened) for n in range(4)] == [None] * 4


def test_another_load_is_another_p99():
    guard = Guard(guarded=True)
    told(guard, 400)
    assert [told(guard, 400, latency_s=1.0, load=closed(16)) for _ in range(3)] == [None] * 3


@pytest.mark.parametrize("guarded", [True, False])
def test_one_that_is_gone_is_left_alone_whosever_it_is(guarded):
    guard = Guard(guarded=guarded)
    assert told(guard, 500) is None
    found = [told(guard, 0, 1) for _ in range(3)]
    assert found[:2] == [None, None]
    assert "no good answer in 3 slices" in found[2].text


def test_an_endpoint_of_this_machine_may_fail_and_be_slow():
    guard = Guard(guarded=False)
    told(guard, 400)
    assert [told(guard, 400, bad=100, latency_s=1.0) for _ in range(2)] == [None] * 2
