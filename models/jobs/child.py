"""The child's side of a job in a process of its own: bounded memory, one result, and an end when the parent ends.

The result is one line of JSON on what was standard output: `{"result": {...}, "notes": [...]}`, or
`{"refused": {"code", "reason", "operator", "advice"}}`. Whatever a framework prints goes to standard error instead.
"""

import json
import os
import re
import resource
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pickle import UnpicklingError
from types import TracebackType
from typing import IO, NoReturn

from serveoff.models.isolation import claim_stdout, end_with_parent
from serveoff.models.jobs.visible import visible

MOST_LINES = 3
"""Of a framework's message; some print the whole graph."""
MOST_CHARACTERS = 400
HEAD_CHARACTERS = 120
"""Of its beginning, at least."""
DECORATION = re.compile(r"\x1b\[[\d;]*m|\{\{function_node [^}]*\}\} ?")
"""Colours, and the device that TensorFlow puts before the cause."""
PLACE = re.compile(
    r"File \"|\[\[\{?\{?node |Detected at node|<stack traces unavailable>|Traceback|(Call a|A)rguments received by|•"
    r"|Original stack trace|[~^ ]*(<--- HERE)?$"
)
"""Lines that say where something happened, and not what."""
HEADING = re.compile(r" ?(in user code|Graph execution error):$")
PICKLED = "a file holds more than tensors: it is a pickle, which is a program, and is not loaded"


class JobCode(StrEnum):
    """Why a job in a process of its own did not end well."""

    REFUSED = "refused"
    """The job itself says that it cannot be done with this file."""
    FAILED = "failed"
    """The framework raised an error."""
    FAILED_WITH_ONE_ROW = "failed with one row"
    """The same, where the model was asked for the least that there is: its inputs may be the wrong ones."""
    TIMED_OUT = "timed out"
    CRASHED = "crashed"
    """The process was killed, or ended by itself."""


class Refused(Exception):
    """The job cannot be done with this file, for a reason that a user can read; `advice` is what they can do next."""

    def __init__(self, reason: str, operator: str = "", advice: str = "") -> None:
        super().__init__(reason)
        self.reason, self.operator, self.advice = reason, operator, advice


_doing: list[tuple[str, JobCode]] = []
_notes: list[str] = []


def doing(what: str, code: JobCode = JobCode.FAILED) -> None:
    """Say what the job does from now on: it goes before the reason if that is where it ends, with this code."""
    _doing[:] = [(what, code)] if what else []


def note(text: str) -> None:
    """Tell the user what was done that they may not expect: printed when all is done, and kept in the manifest."""
    if text not in _notes:
        _notes.append(text)


def answering(job: Callable[[list[str]], dict[str, object]], arguments: Sequence[str]) -> None:
    """Run a job and print its result.

    Frameworks raise anything at all for a file they cannot read. What they raise ends the process as ever, traceback in
    the log, but on its way out it becomes a reason.
    """
    results = os.fdopen(claim_stdout(), "w")
    _limit_memory()
    end_with_parent()

    def refuse(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        _end(results, {"refused": _refusal(kind, error)}, 1)

    sys.excepthook = refuse
    _end(results, {"result": job(list(arguments)), "notes": _notes}, 0)


def _refusal(kind: type[BaseException], error: BaseException) -> dict[str, str]:
    if isinstance(error, Refused) and not _of_pickle(error.__cause__):
        reason = shortened(error.reason)
        return {"code": JobCode.REFUSED, "reason": reason, "operator": error.operator, "advice": error.advice}
    if _of_pickle(error):
        reason = ": ".join([*(what for what, _ in _doing), PICKLED])
        return {"code": JobCode.REFUSED, "reason": reason, "operator": ""}
    code = _doing[0][1] if _doing else JobCode.FAILED
    reason = ": ".join([*(what for what, _ in _doing), kind.__name__, str(error)])
    return {"code": code, "reason": shortened(reason), "operator": ""}


def _of_pickle(error: BaseException | None) -> bool:
    """Torch refused to unpickle; what it advises, to load the file all the same, is not for an imported one."""
    if error is None or isinstance(error, UnpicklingError):
        return error is not None
    return _of_pickle(error.__cause__ or error.__context__)


def shortened(message: str) -> str:
    """The first lines of a message and the beginning of its last: many name the cause there."""
    lines = _telling(message)
    text, cause = " ".join(lines[:MOST_LINES]), "".join(lines[-1:])
    if len(lines) <= MOST_LINES and len(text) <= MOST_CHARACTERS:
        return visible(text)
    cause = _begun(cause, MOST_CHARACTERS - HEAD_CHARACTERS) if len(lines) > 1 else ""
    most = MOST_CHARACTERS - len(cause)
    head = text if len(text) <= most else f"{text[:most]} ..."
    return visible(f"{head.removesuffix(' ...')} ... {cause}" if cause else head)


def _telling(message: str) -> list[str]:
    """The lines of a message without places in code, graphs and arguments, among which frameworks put the cause."""
    kept, after_place = list[str](), False
    for line in filter(None, map(str.strip, DECORATION.sub("", message).splitlines())):
        is_source = after_place and "Error" not in line  # the line of code that stands below its place
        after_place = line.startswith('File "')
        if not is_source and PLACE.match(line) is None:
            kept.append(HEADING.sub("", line))
    return list(filter(None, kept)) or [line.strip() for line in message.splitlines() if line.strip()]


def _begun(line: str, most: int) -> str:
    """As many whole words as that; of a dump, which has none, nothing."""
    return line if len(line) <= most else line[:most].rpartition(" ")[0]


def _end(results: IO[str], line: dict[str, object], code: int) -> NoReturn:
    """Not by the interpreter's own end: destructors of frameworks that were given a broken file have crashed there."""
    print(json.dumps(line), file=results, flush=True)
    sys.stderr.flush()
    os._exit(code)


def _limit_memory() -> None:
    """At most so much address space, as the parent says: a header that claims terabytes must not take the machine."""
    most = int(os.environ.get("SERVEOFF_JOB_ADDRESS_SPACE", "0"))
    if most:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
