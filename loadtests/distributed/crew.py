"""The workers of a master: who is there, what each says, and what its clock shows."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

import gevent
from gevent.queue import Empty, Queue

from serveoff.loadtests.distributed.clock import Exchange
from serveoff.loadtests.distributed.messages import CLOCK, COMMAND, EVENT
from serveoff.loadtests.generator.commands import Command

GREETING: Final = 16
"""Exchanges with a worker that has joined."""
CLOCK_S: Final = 2.0
"""A worker that does not say what time it is within so long is lost."""
ANSWER_S: Final = 10.0
"""The same, of what becomes of a command, beyond the seconds that it asks for."""
POLL_S: Final = 0.05


@dataclass(eq=False)
class Member:
    """One worker."""

    id: str
    name: str
    clock: Exchange
    """The best one by now."""
    events: Queue[dict[str, Any]] = field(default_factory=Queue)
    times: Queue[Exchange] = field(default_factory=Queue)


class Crew:
    """Whoever has joined Locust's master. Who is lost is so for good: its host may have another join."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._members: dict[str, Member] = {}
        self._lost: list[str] = []
        self._asked: dict[int, float] = {}
        """When questions were asked, by their numbers."""
        self._number = 0
        runner.register_message(CLOCK, self._heard_time)
        runner.register_message(EVENT, self._heard_event)

    def gathered(self, count: int, patience_s: float) -> int:
        """How many are there: so many, or those that came in time."""
        until = perf_counter() + patience_s
        while len(self._runner.clients.ready) < count and perf_counter() < until:
            gevent.sleep(POLL_S)
        return len(self._runner.clients.ready)

    def update(self) -> list[Member]:
        """See who is there; those that are new."""
        there = {client.id for client in self._runner.clients.ready}
        for id in set(self._members) - there:
            self._lost.append(self._members.pop(id).name)
        new = [self._join(id) for id in sorted(there - set(self._members), key=self._runner.get_worker_index)]
        self.exchange(new, GREETING)
        return [member for member in new if member.id in self._members]

    def members(self) -> list[Member]:
        """All that are there; RuntimeError where there is none."""
        if not self._members:
            raise RuntimeError("no load worker is left")
        return self.present()

    def present(self) -> list[Member]:
        """The same, or none."""
        return list(self._members.values())

    def lose(self, member: Member) -> None:
        """Have it take no part any more."""
        self._runner.clients.pop(member.id, None)
        if self._members.pop(member.id, None):
            self._lost.append(member.name)

    def take_lost(self) -> list[str]:
        """The names of those that were lost since this was asked before."""
        lost, self._lost = self._lost, []
        return lost

    def tell(self, members: Sequence[Member], command: Command) -> None:
        """Have them do it."""
        for member in members:
            self._runner.send_message(COMMAND, command.model_dump_json(), client_id=member.id)

    def answers(self, members: Sequence[Member], wanted: str, within_s: float = 0.0) -> dict[str, dict[str, Any]]:
        """What came of a command, by the member's id; who does not say is lost.

        RuntimeError where one failed, or none is left.
        """
        until = perf_counter() + within_s + ANSWER_S
        found = {member.id: event for member in members if (event := self._next(member, until)) is not None}
        for member in members:
            if member.id not in found:
                self.lose(member)
            elif (event := found[member.id])["event"] != wanted:
                raise RuntimeError(f"load worker {member.name}: {event.get('text', event['event'])}")
        if not found:
            self.members()
        return found

    def exchange(self, members: Sequence[Member], times: int) -> dict[str, Exchange]:
        """Ask each so often what time it is; the best answer of each now, by its id. Who does not say is lost."""
        found: dict[str, Exchange] = {}
        for _ in range(times):
            members = [member for member in members if member.id in self._members]
            for member in members:
                self._number += 1
                self._asked[self._number] = perf_counter()
                self._runner.send_message(CLOCK, self._number, client_id=member.id)
            for member in members:
                try:
                    heard = member.times.get(timeout=CLOCK_S)
                except Empty:
                    self.lose(member)
                    continue
                member.clock = member.clock.or_newer(heard)
                found[member.id] = min(found.get(member.id, heard), heard, key=lambda one: one.bound_s)
        return found

    def _join(self, id: str) -> Member:
        name = f"{id.rpartition('_')[0]}-{self._runner.get_worker_index(id) + 1}"
        self._members[id] = member = Member(id, name, Exchange.NOTHING)
        return member

    def _next(self, member: Member, until: float) -> dict[str, Any] | None:
        """None of a worker that has left, or says nothing in time."""
        while member.id in self._runner.clients:
            with suppress(Empty):
                event: dict[str, Any] = member.events.get(timeout=POLL_S)
                return event
            if perf_counter() >= until:
                break
        return None

    def _heard_time(self, msg: Any, **_: Any) -> None:
        answered, told = perf_counter(), msg.data
        asked = self._asked.pop(told["number"], None)
        if asked is not None and (member := self._members.get(msg.node_id)):
            member.times.put(Exchange(asked, told["heard"], told["replied"], answered))

    def _heard_event(self, msg: Any, **_: Any) -> None:
        if member := self._members.get(msg.node_id):
            member.events.put(msg.data)
