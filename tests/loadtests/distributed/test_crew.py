"""The workers as their master sees them, of a Locust whose messages arrive at once."""

import pytest

from serveoff.loadtests.distributed.crew import Crew
from serveoff.loadtests.distributed.messages import EVENT
from serveoff.loadtests.generator.commands import PrepareCommand
from tests.loadtests.distributed.fake_runner import Runner

COMMAND_SENT = PrepareCommand(endpoint="e", load="1")
pytestmark = pytest.mark.usefixtures("impatient")


def test_a_clock_that_is_shifted_is_corrected_to_within_its_bound():
    crew = Crew(Runner({"far_1": 1000.0, "near_2": -0.25}))
    far, near = crew.update()
    assert (far.name, near.name) == ("far-1", "near-2")
    assert abs(far.clock.offset_s - 1000.0) <= far.clock.bound_s < 0.01
    assert abs(near.clock.offset_s + 0.25) <= near.clock.bound_s < 0.01
    assert crew.update() == []
    assert crew.members() == [far, near]


def test_a_clock_that_is_set_in_mid_run_is_found_out():
    runner = Runner({"a_1": 5.0})
    crew = Crew(runner)
    (member,) = crew.update()
    before = member.clock
    runner.ahead_s["a_1"] = 6.0
    after = crew.exchange([member], 2)[member.id]
    assert after.offset_s - before.offset_s == pytest.approx(1.0, abs=0.01)
    assert member.clock.offset_s == pytest.approx(6.0, abs=0.01)


def test_who_is_silent_is_lost_for_good_and_said_once():
    runner = Runner({"a_1": 0.0, "b_2": 0.0})
    crew = Crew(runner)
    members = crew.update()
    runner.silent.add("b_2")
    crew.tell(members, COMMAND_SENT)
    assert list(crew.answers(members[::-1], "prepared")) == ["a_1"], "though it was asked last"
    assert [member.name for member in crew.members()] == ["a-1"]
    assert (crew.take_lost(), crew.take_lost()) == (["b-2"], [])
    runner.hear(EVENT, "b_2", {"event": "prepared"})
    assert [member.name for member in crew.members()] == ["a-1"]
    runner.silent.add("a_1")
    assert crew.exchange(members, 3) == {}
    with pytest.raises(RuntimeError, match="no load worker is left"):
        crew.members()


def test_who_says_good_bye_is_lost_and_who_comes_is_greeted():
    runner = Runner({"a_1": 0.0, "b_2": 0.0, "c_3": 2.0})
    late = runner.clients.pop("c_3")
    crew = Crew(runner)
    crew.update()
    del runner.clients["a_1"]
    runner.clients["c_3"] = late
    (new,) = crew.update()
    assert new.clock.offset_s == pytest.approx(2.0, abs=0.01)
    assert crew.take_lost() == ["a-1"]
    assert [member.name for member in crew.members()] == ["b-2", "c-3"]


def test_what_a_worker_cannot_do_is_told_with_its_name():
    runner = Runner({"a_1": 0.0}, refuses={"prepare"})
    crew = Crew(runner)
    members = crew.update()
    crew.tell(members, COMMAND_SENT)
    with pytest.raises(RuntimeError, match="load worker a-1: refused: prepare"):
        crew.answers(members, "prepared")


def test_as_many_are_waited_for_as_are_expected_and_no_longer_than_patience_lasts():
    crew = Crew(Runner({"a_1": 0.0, "b_2": 0.0}))
    assert crew.gathered(2, 60.0) == 2
    assert crew.gathered(3, 0.01) == 2
