"""Problems, short to write and to read."""

from collections.abc import Iterable

from serveoff.loadtests.problems import WindowCode
from serveoff.record.problems import Code, GateCode, Problem, ResourceCode


def problem(code: Code, text: str) -> Problem:
    return Problem(code=code, text=text)


def late(text: str = "the load generator fell behind its schedule: ...") -> Problem:
    return problem(WindowCode.LATE, text)


def died(text: str) -> Problem:
    return problem(WindowCode.SERVER_ENDED, text)


def wrong(text: str) -> Problem:
    return problem(GateCode.WRONG_ANSWER, text)


def cores(text: str) -> Problem:
    return problem(ResourceCode.CORES, text)


def setting(text: str) -> Problem:
    return problem(ResourceCode.SETTING, text)


def texts(problems: Iterable[Problem]) -> list[str]:
    return [found.text for found in problems]
