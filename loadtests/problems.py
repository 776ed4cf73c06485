"""Why a window does not count, as data: programs ask for the code, people read the text."""

from enum import StrEnum
from typing import Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict


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
    SERVER_FAILED = "server failed"
    """It could not be made ready for the window."""
    INTERRUPTED = "interrupted"
    """The user cut it short."""
    GENERATOR_FAILED = "generator failed"
    WORKER_LOST = "load worker lost"
    """One of several that drove it did not tell what came of its part."""
    NOT_TOGETHER = "workers not together"
    """They did not all drive it in the same window, or their clocks do not tell whether they did."""


FELL_BEHIND: Final = frozenset({WindowCode.LATE, WindowCode.OUT_OF_CPU})
"""The load that was asked for is more than the generator can make."""


Code_co = TypeVar("Code_co", bound=StrEnum, covariant=True)


class Problem(BaseModel, Generic[Code_co]):
    """Something that went wrong, or is not as it was asked for, with one of the codes of where that was."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code_co
    text: str
    advice: str = ""
    """What to do about it; empty where that is the same for all of its kind, which whoever shows it then says."""


WindowProblem = Problem[WindowCode]
