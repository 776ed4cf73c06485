"""The master as a run commands it, of workers that are not there."""

import json
import os
import time

import pytest

from serveoff.loadtests.distributed.master import Master
from serveoff.loadtests.generator.commands import EndpointCommand, HangUpCommand, SliceCommand
from serveoff.loadtests.generator.protocol import Wire
from serveoff.loadtests.problems import WindowCode
from tests.loadtests.distributed.fake_runner import Runner
from tests.loadtests.generator.test_results import TARGET

pytestmark = pytest.mark.usefixtures("impatient")
ENDPOINT, BYE = EndpointCommand(target=TARGET), HangUpCommand(endpoint="e")


def slice_of(load, duration_s=0.01):
    return SliceCommand(endpoint="e", load=load, lead_in_s=0.001, duration_s=duration_s, timeout_s=0.01)


def serve(runner, *commands, workers=2):
    """What it tells of these commands, after it is ready."""
    (reads, writes), (events, tells) = os.pipe(), os.pipe()
    try:
        os.write(writes, b"".join(command.model_dump_json().encode() + b"\n" for command in commands))
        os.close(writes)
        Master(runner, Wire(reads, tells)).serve(workers, 0.01)
        os.close(tells)
        with os.fdopen(events) as told:
            return [json.loads(line) for line in told]
    finally:
        os.close(reads)


def kinds(events):
    return [event["event"] for event in events]


def test_each_command_has_one_answer_and_a_slice_is_open_before_it_is_done():
    runner = Runner({"a_1": 1000.0, "b_2": 0.0})
    began = time.time()
    events = serve(runner, ENDPOINT, slice_of("4"), BYE, ENDPOINT, slice_of("1"))
    assert kinds(events) == ["ready", "endpoint", "open", "done", "endpoint", "open", "done"]
    both, one = (event for event in events if event["event"] == "done")
    assert [round(clock["offset_s"], 1) for clock in both["window"]["workers"]] == [1000.0, 0.0]
    assert began < both["window"]["start_s"] < time.time()
    assert [clock["worker"] for clock in one["window"]["workers"]] == ["a-1"]
    assert runner.told.count(("b_2", "slice")) == 1


def test_workers_that_do_not_come_are_told():
    (event,) = serve(Runner({"a_1": 0.0}), workers=2)
    assert event == {"event": "error", "text": "1 of 2 load workers joined within 0 s"}


def test_with_nobody_left_a_farewell_is_silent_and_what_is_asked_is_refused():
    """An answer that nobody waits for would be taken for the next one's."""
    runner = Runner({"a_1": 0.0})
    runner.silent.add("a_1")
    events = serve(runner, BYE, ENDPOINT, BYE, slice_of("1"), workers=1)
    assert kinds(events) == ["ready", "error", "error"]
    assert {event["text"] for event in events[1:]} == {"RuntimeError: no load worker is left"}


def test_what_is_refused_is_told_once_and_the_next_command_is_obeyed():
    runner = Runner({"a_1": 0.0, "b_2": 0.0}, refuses={"prepare"})
    events = serve(runner, ENDPOINT, slice_of("4"), ENDPOINT)
    assert kinds(events) == ["ready", "endpoint", "error", "endpoint"]
    assert events[2]["text"] == "RuntimeError: load worker a-1: refused: prepare"


class Later(Runner):
    """The second worker joins with the first slice, and cannot reach the endpoint."""

    def __post_init__(self):
        super().__post_init__()
        self.late = self.clients.pop("b_2")

    def obey(self, id, command):
        if command["command"] == "endpoint" and id == "b_2":
            self.refuses.add("endpoint")
        super().obey(id, command)
        if command["command"] == "slice":
            self.clients.setdefault("b_2", self.late)


def test_a_worker_that_joins_and_cannot_do_what_the_others_do_takes_no_part():
    events = serve(Later({"a_1": 0.0, "b_2": 0.0}), ENDPOINT, slice_of("4"), slice_of("4"), slice_of("4"), workers=1)
    dones = [event for event in events if event["event"] == "done"]
    assert [len(done["window"]["workers"]) for done in dones] == [1, 1, 1]
    codes = [[problem["code"] for problem in done["window"].get("problems", [])] for done in dones]
    assert WindowCode.WORKER_LOST in codes[1]
