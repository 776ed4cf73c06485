"""What goes wrong with a user's file, in words: the file, the cause and the next action."""

from __future__ import annotations

from serveoff.models.manifest import ArtifactError


class ImportFailed(ArtifactError):
    """A model that cannot be imported. `message` names the file and the cause, `next` the next action."""

    def __init__(self, message: str, next: str = "") -> None:
        super().__init__(f"{message}\n  next: {next}" if next else message)
        self.message, self.next = message, next


class JobFailed(Exception):
    """A job in a process of its own did not end well: the reason, the operator if one is to blame."""

    def __init__(self, reason: str, operator: str = "") -> None:
        super().__init__(reason)
        self.reason, self.operator = reason, operator
