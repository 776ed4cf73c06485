"""Does what a run's generator is commanded by having workers do it: each its part, all at once by one clock."""

import logging
import os
import signal
import time
import traceback
from contextlib import suppress
from time import perf_counter
from typing import Any, Final, NoReturn

import gevent

from serveoff.loadtests.distributed.clock import error_s
from serveoff.loadtests.distributed.crew import Crew, Member
from serveoff.loadtests.distributed.merging import Driven, merged
from serveoff.loadtests.distributed.parts import Part, sharing
from serveoff.loadtests.generator.commands import (
    Command,
    EndpointCommand,
    HangUpCommand,
    PrepareCommand,
    SamplesCommand,
    SliceCommand,
)
from serveoff.loadtests.generator.generator import obey
from serveoff.loadtests.generator.protocol import FAILED, INTERRUPTED, Wire
from serveoff.loadtests.recording.windows import WorkerClock

EXCHANGES: Final = 4
"""With every worker, before a slice and after it."""
AHEAD_S: Final = 0.005
"""A slice begins so long after workers are told, and as many ways to the farthest of them later."""
WAYS: Final = 8

log = logging.getLogger(__name__)


class Master:
    """Locust's master, whose workers take part in every slice that has callers enough."""

    def __init__(self, runner: Any, wire: Wire) -> None:
        self._runner, self._wire, self._crew = runner, wire, Crew(runner)
        self._samples: dict[str, SamplesCommand] = {}
        self._endpoints: dict[str, EndpointCommand] = {}
        self._epoch_s = time.time() - perf_counter()

    def run(self, workers: int, patience_s: float) -> NoReturn:
        """Wait for so many, and obey until the commands end; this process and its workers end with them."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            gevent.signal_handler(signum, self._end, INTERRUPTED)
        code = FAILED
        try:
            with suppress(BrokenPipeError):
                self.serve(workers, patience_s)
            code = 0
        finally:
            if code:
                traceback.print_exc()
            self._end(code)

    def serve(self, workers: int, patience_s: float) -> None:
        """Wait for so many, no longer than patience lasts, and obey until the commands end."""
        if (come := self._crew.gathered(workers, patience_s)) < workers:
            self._wire.tell("error", text=f"{come} of {workers} load workers joined within {patience_s:.0f} s")
            return
        self._wire.tell("ready")
        for line in self._wire.commands():
            obey(line, self._obey, self._wire.tell)

    def _end(self, code: int) -> NoReturn:
        try:
            self._runner.quit()
        finally:
            os._exit(code)

    def _obey(self, command: Command) -> None:
        match command:
            case SamplesCommand():
                # Nobody waits for an answer to this one and to a farewell: what they failed by would be another's.
                self._crew.tell(self._crew.present(), command)
                self._samples[command.model] = command
            case EndpointCommand():
                members = self._members()
                self._crew.tell(members, command)
                told = self._crew.answers(members, "endpoint")
                self._endpoints[command.target.name] = command
                self._wire.tell(**next(iter(told.values())))
            case HangUpCommand():
                self._endpoints.pop(command.endpoint, None)
                self._crew.tell(self._crew.present(), command)
            case SliceCommand():
                self._slice(command)

    def _members(self) -> list[Member]:
        """All that are there and say so; one that has just come is told what the others know."""
        for new in self._crew.update():
            try:
                self._brief(new)
            except RuntimeError as error:
                log.warning("%s; it takes no part", error)
                self._crew.lose(new)
        self._crew.exchange(self._crew.members(), 1)
        return self._crew.members()

    def _brief(self, new: Member) -> None:
        for samples in self._samples.values():
            self._crew.tell([new], samples)
        for endpoint in self._endpoints.values():
            self._crew.tell([new], endpoint)
            self._crew.answers([new], "endpoint")

    def _slice(self, command: SliceCommand) -> None:
        drive, members = command.drive, self._members()
        members = members[: sharing(drive.load, len(members))]
        self._crew.tell(members, PrepareCommand(endpoint=command.endpoint, load=command.load))
        self._crew.answers(members, "prepared")
        self._crew.exchange(members, EXCHANGES)
        members = [member for member in members if member in self._crew.present()]
        if not members:
            raise RuntimeError(f"load worker {', '.join(self._crew.take_lost())} was lost before the slice began")
        clocks = {member.id: member.clock for member in members}
        begins = perf_counter() + AHEAD_S + WAYS * max(clock.bound_s for clock in clocks.values())
        ends = begins + drive.lead_in_s + drive.duration_s
        for number, member in enumerate(members):
            offset_s = member.clock.offset_s
            part = Part(number, len(members), begins + offset_s, self._epoch_s - offset_s)
            self._crew.tell([member], command.model_copy(update={"part": part}))
        told_s = self._open(begins + drive.lead_in_s) if drive.duration_s else 0.0
        dones = self._crew.answers(members, "done", within_s=ends - perf_counter() + drive.timeout_s)
        after = self._crew.exchange([member for member in members if member.id in dones], EXCHANGES)
        parts = []
        for member in (member for member in members if member.id in after):
            clock, bound_s = clocks[member.id], error_s(clocks[member.id], after[member.id], ends)
            known = WorkerClock(worker=member.name, offset_s=clock.offset_s, bound_s=bound_s)
            parts.append(Driven(known, dones[member.id]))
        self._wire.tell("done", **merged(drive, parts, self._crew.take_lost(), told_s))

    def _open(self, instant: float) -> float:
        """Wait for it and say that the window is open; when that was, by the epoch."""
        gevent.sleep(max(0.0, instant - perf_counter()))
        self._wire.tell("open")
        return perf_counter() + self._epoch_s
