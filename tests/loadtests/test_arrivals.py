"""Open-loop schedules against the distributions that they should have, and how late the clock is."""

import itertools
import time

import gevent
import numpy as np
import pytest
from gevent.event import Event
from scipy import stats

from serveoff.loadtests.arrivals import Arrivals, behind, schedule
from serveoff.loadtests.clock import IDLE_TURN_S, Clock
from serveoff.loadtests.loads import Load, parse_load
from serveoff.loadtests.problems import WindowCode

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
    assert not np.array_equal(same, other)
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


class SimulatedClock(Clock):
    """Its time passes only where a test says so."""

    def __init__(self):
        super().__init__()
        self.time, self._sleepers = 0.0, []

    def now(self):
        return self.time

    def wait_until(self, due):
        if due > self.time:
            woken = Event()
            self._sleepers.append((due, woken))
            woken.wait()

    def run_until(self, end):
        """Wake everyone at the instant for which it waits, in order; late ones at once."""
        settle()
        while due := sorted(due for due, _ in self._sleepers if due <= end):
            self.time = max(self.time, due[0])
            for sleeper in [sleeper for sleeper in self._sleepers if sleeper[0] <= self.time]:
                self._sleepers.remove(sleeper)
                sleeper[1].set()
            settle()
        self.time = end

    def stand_still_until(self, end):
        """As where a process gets no core: time passes, and nobody wakes."""
        self.time = end


def settle():
    """Let every greenlet run until it waits for something."""
    for _ in range(10):
        gevent.sleep(0)


@pytest.fixture
def clock():
    clock = SimulatedClock()
    yield clock
    clock.close()


def spawn_users(arrivals, clock, count, takes_s):
    """Users whose every request takes so long; what they sent: when it was due, and when it was sent."""
    sent = []

    def user():
        while (due := arrivals.turn(gevent.getcurrent())) is not None:
            sent.append((due, clock.now()))
            clock.wait_until(clock.now() + takes_s)

    return [gevent.spawn(user) for _ in range(count)], sent


def test_every_arrival_goes_to_a_user_or_waits_for_one(clock):
    arrivals = Arrivals(clock)
    users, sent = spawn_users(arrivals, clock, 2, takes_s=0.020)
    settle()
    instants = np.linspace(0, 0.05, 11)
    arrivals.start(0.01, instants)
    clock.run_until(0.3)
    assert [due for due, _ in sent] == pytest.approx(list(0.01 + instants))
    waits_ms = [1e3 * (at - due) for due, at in sent]
    assert waits_ms == pytest.approx([0, 0, 10, 10, 20, 20, 30, 30, 40, 40, 50]), "11 in 50 ms, 20 ms for two of them"
    assert arrivals.late_s == pytest.approx([0] * 11), "a busy user's time is not the generator's lateness"
    arrivals.close()
    settle()
    assert all(user.dead for user in users)


def test_a_generator_that_notices_late_is_late_though_all_users_are_busy(clock):
    """As where it gets too little of its core: its greenlets stand still together."""
    arrivals = Arrivals(clock)
    users, sent = spawn_users(arrivals, clock, 1, takes_s=0.001)
    settle()
    arrivals.start(0.0, np.linspace(0, 0.01, 11))
    settle()
    clock.stand_still_until(0.05)
    clock.run_until(0.2)
    assert len(sent) == 11
    assert arrivals.late_s == pytest.approx([0.0, *(0.05 - np.linspace(0.001, 0.01, 10))])
    arrivals.close()
    settle()
    assert users[0].dead


def test_a_free_user_is_late_by_as_much_as_the_generator_wakes_it_late(clock):
    arrivals = Arrivals(clock)
    users, _ = spawn_users(arrivals, clock, 2, takes_s=0.001)
    settle()
    arrivals.start(0.0, np.array([0.01]))
    settle()
    clock.stand_still_until(0.013)
    clock.run_until(0.2)
    assert arrivals.late_s == pytest.approx([0.003])
    arrivals.close()
    gevent.joinall(users)


def test_a_user_that_is_stopped_takes_no_arrival_with_it(clock):
    arrivals, taken = Arrivals(clock), []
    lasting = gevent.spawn(lambda: taken.append(arrivals.turn("lasting")))
    settle()
    stopped = gevent.spawn(arrivals.turn, "stopped")  # free last, so first to be asked
    settle()
    stopped.kill()
    arrivals.start(0.0, np.array([0.01]))
    clock.run_until(0.02)
    assert lasting.dead
    assert taken == [0.01]
    arrivals.close()


def test_a_user_that_is_told_to_stop_waits_no_longer_and_others_do():
    arrivals = Arrivals()
    leaving, staying = (gevent.spawn(arrivals.turn, name) for name in ("leaving", "staying"))
    settle()
    arrivals.dismiss("leaving")
    arrivals.dismiss("not waiting at all")
    assert leaving.get(timeout=60) is None
    settle()
    assert not staying.ready()
    arrivals.close()
    assert staying.get(timeout=60) is None


def test_what_no_user_took_can_be_taken_away(clock):
    arrivals = Arrivals(clock)
    arrivals.start(1.0, np.array([0.0, 0.001, 0.002]))
    clock.run_until(1.0015)
    assert arrivals.oldest == 1.0
    assert arrivals.forgo() == [1.0, 1.001]
    assert arrivals.oldest == float("inf")
    arrivals.close()


def test_the_clock_never_returns_before_the_instant():
    clock, late = Clock(), []
    for _ in range(50):
        due = time.perf_counter() + 0.003
        clock.wait_until(due)
        late.append(time.perf_counter() - due)
    assert min(late) >= 0
    clock.close()


@pytest.mark.parametrize(("turn_s", "spun_s"), [(10e-6, 100e-6), (50e-6, 2 * IDLE_TURN_S)])
def test_the_last_part_of_a_wait_is_spun_in_turns_of_the_event_loop(turn_s, spun_s):
    """What such a turn took beyond an idle one's time was the work of others."""
    turns, clock = itertools.count(), Clock()
    clock.now = lambda: next(turns) * turn_s
    other = gevent.spawn(int)
    clock.wait_until(turn_s + 100e-6)
    assert clock.spun_s == pytest.approx(spun_s)
    assert other.dead, "others may run meanwhile"
    clock.close()


def test_lateness_counts_beside_the_latency_that_was_measured():
    latency = np.full(100, 0.0005)
    assert behind([], latency, 0.1) == (None, None)
    assert behind([0.0002] * 100, latency, 0.1) == (pytest.approx(0.0002), None)
    late, problem = behind([0.004] * 100, latency, 0.1)
    assert late == pytest.approx(0.004)
    assert problem.code is WindowCode.LATE
    assert problem.text.startswith("the load generator fell behind its schedule")
    assert behind([0.004] * 100, np.full(100, 0.1), 0.1)[1] is None, "4 ms beside 100 ms is little"
    _, problem = behind([0.0] * 100, latency, 0.99)
    assert problem.code is WindowCode.OUT_OF_CPU
    assert "99% of the one CPU" in problem.text
