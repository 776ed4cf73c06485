"""Open-loop schedules against the distributions that they should have, and how late the clock is."""

import time

import gevent
import numpy as np
import pytest
from scipy import stats

from serveoff.loadtests.arrivals import Arrivals, behind, schedule
from serveoff.loadtests.clock import Clock
from serveoff.loadtests.loads import Load, parse_load

POISSON = parse_load("poisson@500")


def test_poisson_gaps_are_exponential_and_independent():
    gaps = np.diff(schedule(POISSON, 200.0, [1, 2, 3]))
    assert stats.kstest(gaps, "expon", args=(0, 1 / 500)).pvalue > 0.01
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 4 / np.sqrt(gaps.size)


def test_counts_in_slots_are_poisson():
    counts = np.histogram(schedule(POISSON, 200.0, [4]), bins=2000, range=(0, 200))[0]
    assert counts.mean() == pytest.approx(50, rel=0.02)
    assert counts.var() == pytest.approx(50, rel=0.15)


def test_a_schedule_is_the_seed_s_and_no_other():
    same, other = schedule(POISSON, 2.0, [1, 1, 0]), schedule(POISSON, 2.0, [1, 1, 1])
    np.testing.assert_array_equal(schedule(POISSON, 2.0, [1, 1, 0]), same)
    assert same.size != other.size or not np.array_equal(same, other)
    assert (np.diff(same) >= 0).all()
    assert 0 <= same[0] <= same[-1] < 2.0


def test_constant_arrivals_are_evenly_apart():
    due = schedule(Load(8, "constant", 100.0), 1.0, [1])
    np.testing.assert_allclose(np.diff(due), 0.01)
    assert due.size == 100


@pytest.mark.parametrize("text", ["poisson@500", "constant@500"])
def test_several_generators_make_up_the_whole_rate(text):
    parts = [schedule(parse_load(text), 20.0, [1], part, 4) for part in range(4)]
    assert sum(part.size for part in parts) == pytest.approx(10_000, rel=0.05)
    together = np.sort(np.concatenate(parts))
    if text.startswith("poisson"):
        assert stats.kstest(np.diff(together), "expon", args=(0, 1 / 500)).pvalue > 0.001
    else:
        np.testing.assert_allclose(np.diff(together), 0.002)


def test_every_arrival_goes_to_a_user_or_waits_for_one():
    arrivals, taken = Arrivals(), []

    def user():
        while (due := arrivals.turn(gevent.getcurrent())) is not None:
            taken.append((due, time.perf_counter()))
            gevent.sleep(0.02)

    users = [gevent.spawn(user) for _ in range(2)]
    gevent.sleep(0)
    start = time.perf_counter() + 0.01
    instants = np.linspace(0, 0.05, 11)
    arrivals.start(start, instants)
    gevent.sleep(0.3)
    assert [due for due, _ in taken] == pytest.approx(list(start + instants))
    waits = [sent - due for due, sent in taken]
    assert waits[0] < 0.015 < waits[-1], "two users of 20 ms cannot take 11 arrivals in 50 ms without a queue"
    assert np.median(arrivals.late_s) < 0.005 < np.median(waits), "a busy user's time is not the generator's lateness"
    arrivals.close()
    gevent.joinall(users, timeout=1)
    assert all(u.dead for u in users)


def test_a_generator_that_notices_late_is_late_though_all_users_are_busy():
    """As where it gets too little of its core: its greenlets stand still together."""
    arrivals, taken = Arrivals(), []

    def user():
        while (due := arrivals.turn(gevent.getcurrent())) is not None:
            taken.append(due)
            gevent.sleep(0.001)

    users = [gevent.spawn(user)]
    gevent.sleep(0)
    arrivals.start(time.perf_counter(), np.linspace(0, 0.01, 11))
    gevent.sleep(0)
    time.sleep(0.05)
    gevent.sleep(0.1)
    assert len(taken) == 11
    assert np.median(arrivals.late_s) > 0.03
    arrivals.close()
    gevent.joinall(users, timeout=1)


def test_a_user_that_is_stopped_takes_no_arrival_with_it():
    arrivals, taken = Arrivals(), []
    stopped = gevent.spawn(arrivals.turn, "stopped")
    lasting = gevent.spawn(lambda: taken.append(arrivals.turn("lasting")))
    gevent.sleep(0.01)
    stopped.kill()
    arrivals.start(time.perf_counter(), np.array([0.01]))
    lasting.join(timeout=1)
    assert len(taken) == 1
    arrivals.close()


def test_a_user_that_is_told_to_stop_waits_no_longer_and_others_do():
    arrivals = Arrivals()
    leaving, staying = (gevent.spawn(arrivals.turn, name) for name in ("leaving", "staying"))
    gevent.sleep(0)
    arrivals.dismiss("leaving")
    arrivals.dismiss("not waiting at all")
    assert leaving.get(timeout=5) is None
    gevent.sleep(0)
    assert not staying.ready()
    arrivals.close()
    assert staying.get(timeout=5) is None


def test_what_no_user_took_can_be_taken_away():
    arrivals = Arrivals()
    start = time.perf_counter()
    arrivals.start(start, np.array([0.0, 0.001]))
    gevent.sleep(0.05)
    assert arrivals.oldest == pytest.approx(start)
    assert len(arrivals.forgo()) == 2
    assert arrivals.oldest == float("inf")
    arrivals.close()


def test_the_clock_returns_at_the_instant_and_never_before():
    clock, late = Clock(), []
    for _ in range(50):
        due = time.perf_counter() + 0.003
        clock.wait_until(due)
        late.append(time.perf_counter() - due)
    assert min(late) >= 0
    assert np.median(late) < 0.005, "a coarse bound: this machine may be busy"
    assert 0 < clock.spun_s < 0.5
    clock.close()


def test_lateness_counts_beside_the_latency_that_was_measured():
    latency = np.full(100, 0.0005)
    assert behind([], latency, 0.1) == (None, "")
    assert behind([0.0002] * 100, latency, 0.1) == (pytest.approx(0.0002), "")
    late, problem = behind([0.004] * 100, latency, 0.1)
    assert late == pytest.approx(0.004)
    assert problem.startswith("the load generator fell behind its schedule")
    assert behind([0.004] * 100, np.full(100, 0.1), 0.1)[1] == "", "4 ms beside 100 ms is little"
    assert "99% of the one CPU" in behind([0.0] * 100, latency, 0.99)[1]
