"""Errors a user can act on: what, why and the next step on one screen, each kind with its own exit code."""

from enum import IntEnum

from serveoff.record.problems import Problem, StartCode


class ExitCode(IntEnum):
    """What the shell sees. docs/exit-codes.md lists them; a test keeps the two equal."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    ARTIFACT = 3
    REGISTRY = 4
    SERVER = 5
    RESULTS = 6
    NOTHING_VALID = 7
    ENGINE = 8
    BUSY = 9
    REGRESSION = 99
    INTERRUPTED = 130


class ServeoffError(Exception):
    """A user-facing failure: the message names the thing and the cause, the hint the next action."""

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, hint: str = "", told: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.told = told
        """The user has read of it already, in the words of the process that failed."""


class UsageError(ServeoffError):
    """An option's value cannot be used."""

    exit_code = ExitCode.USAGE


class ArtifactFailure(ServeoffError):
    """Export or verification failed, or an artifact was refused."""

    exit_code = ExitCode.ARTIFACT


class UnknownName(ServeoffError):
    """A deployment or endpoint is not in the registry."""

    exit_code = ExitCode.REGISTRY


class ServerFailed(ServeoffError):
    """A server did not start, or ended; the message carries its last log lines."""

    exit_code = ExitCode.SERVER

    def __init__(self, code: StartCode, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.problem = Problem(code=code, text=message, advice=hint)


class LoadGeneratorFailure(ServeoffError):
    """The load generator does not come up, or fails again and again."""


class ResultsFailure(ServeoffError):
    """A results folder is missing, unreadable or of another machine or model."""

    exit_code = ExitCode.RESULTS


class CoresBusy(ServeoffError):
    """Another run has the cores."""

    exit_code = ExitCode.BUSY


class EngineFailure(ServeoffError):
    """The container engine or Compose is missing, too old, or refused what it was asked."""

    exit_code = ExitCode.ENGINE
