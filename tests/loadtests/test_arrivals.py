"""Open-loop schedules against the distributions that they should have, and how late the clock is."""

import itertools
import time

import gevent
import numpy as np
import pytest
from gevent.event import Event
from scipy import stats

from serveoff.loadtests.arrivals import Arrivals, out_of_cpu
from serveoff.loadtests.clock import IDLE_TURN_S, Clock
from serveoff.loadtests.generator.schedule import schedule
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
    same, other = schedule(POISSON, 2.0, [1, 0]), schedule(POISSON, 2.0, [1, 1])
    np.testing.assert_array_equal(schedule(POISSON, 2.0, [1, 0]), same)
    assert not np.array_equal(same, other)
    assert (np.diff(same) >= 0).all()
    assert 0 <= same[0] <= same[-1] < 2.0


def test_constant_arrivals_are_evenly_apart():
    due = schedule(Load(8, "constant", 100.0), 1.0, [1])
    np.testing.assert_allclose(np.diff(due), 0.01)
    assert due.size == 100


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


class Loop:
    """An open loop by a clock of the test's, and so many callers whose every request takes so long."""

    def __init__(self, clock, callers, takes_s):
        self.arrivals, self.late_s, self.sent = Arrivals(clock), [], []
        self._clock, self._takes_s = clock, takes_s
        self.callers = [gevent.spawn(self._call, number) for number in range(callers)]
        settle()

    def start(self, start, instants):
        self.arrivals.start(start, np.array(instants), lambda due, late_s: self.late_s.append(late_s))
        settle()

    def end(self):
        left = self.arrivals.close()
        settle()
        assert all(caller.dead for caller in self.callers)
        return left

    def _call(self, number):
        while (due := self.arrivals.turn(number)) is not None:
            self.sent.append((due, self._clock.now()))
            self._clock.wait_until(self._clock.now() + self._takes_s)


def test_every_arrival_goes_to_a_caller_or_waits_for_one(clock):
    loop, instants = Loop(clock, 2, takes_s=0.020), np.linspace(0, 0.05, 11)
    loop.start(0.01, instants)
    clock.run_until(0.3)
    assert [due for due, _ in loop.sent] == pytest.approx(list(0.01 + instants))
    waits_ms = [1e3 * (at - due) for due, at in loop.sent]
    assert waits_ms == pytest.approx([0, 0, 10, 10, 20, 20, 30, 30, 40, 40, 50]), "11 in 50 ms, 20 ms for two of them"
    assert loop.late_s == pytest.approx([0] * 11), "a busy caller's time is not the generator's lateness"
    assert loop.end() == []


def test_a_generator_that_notices_late_is_late_though_all_callers_are_busy(clock):
    """As where it gets too little of its core: its greenlets stand still together."""
    loop = Loop(clock, 1, takes_s=0.001)
    loop.start(0.0, np.linspace(0, 0.01, 11))
    clock.stand_still_until(0.05)
    clock.run_until(0.2)
    assert len(loop.sent) == 11
    assert loop.late_s == pytest.approx([0.0, *(0.05 - np.linspace(0.001, 0.01, 10))])
    loop.end()


def test_a_free_caller_is_late_by_as_much_as_the_generator_wakes_it_late(clock):
    loop = Loop(clock, 2, takes_s=0.001)
    loop.start(0.0, [0.01])
    clock.stand_still_until(0.013)
    clock.run_until(0.2)
    assert loop.late_s == pytest.approx([0.003])
    loop.end()


def test_what_no_caller_took_is_told_at_the_end(clock):
    loop = Loop(clock, 1, takes_s=1.0)
    loop.start(1.0, [0.0, 0.001, 0.002])
    clock.run_until(1.0015)
    assert loop.arrivals.waiting
    assert loop.arrivals.close() == [1.001]
    assert not loop.arrivals.waiting
    assert loop.arrivals.turn("late") is None


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


def test_a_generator_without_cpu_to_spare_says_so():
    assert out_of_cpu(0.89) == []
    (problem,) = out_of_cpu(0.99)
    assert problem.code is WindowCode.OUT_OF_CPU
    assert "99% of its one CPU" in problem.text
