"""Why a window does not count, as data: programs ask for the code, people read the text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class WindowCode(StrEnum):
    """What went wrong in a window."""

    LATE = "late"
    """Requests were sent later than they were due: the generator's own fault."""
    OUT_OF_CPU = "out of CPU"
    """The generator used up the CPU that it had."""
    WRONG_ANSWERS = "wrong answers"
    SERVER_SILENT = "server silent"
    """No answer at all for a while."""
    ONLY_ERRORS = "only errors"
    """Answers, and none of them a good one, for a while."""
    SERVER_ENDED = "server ended"
    SERVER_REPLACED = "server replaced"
    """A process of the server ended amid it, as a worker that its master kills; another may have come instead."""
    WORKERS = "workers"
    """Not all load generators of a distributed test took part in all of it."""
    CLOCKS_APART = "clocks apart"
    """A worker and its master disagree about when the window was."""
    INTERRUPTED = "interrupted"
    """The user cut it short."""
    GENERATOR_FAILED = "generator failed"


FELL_BEHIND: Final = frozenset({WindowCode.LATE, WindowCode.OUT_OF_CPU})
"""The load that was asked for is more than the generator can make."""


@dataclass(frozen=True)
class Problem:
    """As it crosses process borders, in JSON; serveoff.record.problems has the form that is kept."""

    code: WindowCode
    text: str
    advice: str = ""


def from_json(data: Any) -> Problem | None:
    """The problem of a message; None where it has none."""
    return Problem(WindowCode(data["code"]), data["text"], data["advice"]) if data else None
