"""How a job in a process of its own can end without a result."""

from enum import StrEnum


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


class JobFailed(Exception):
    """A job in a process of its own did not end well: the reason, the operator if one is to blame."""

    def __init__(self, code: JobCode, reason: str, operator: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason, self.operator = code, reason, operator
