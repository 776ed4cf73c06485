"""An endpoint that already runs somewhere: where it is and how it is spoken to. Nothing secret is in it."""

from typing import Annotated, Final

from pydantic import Field

from serveoff.record.base import Record

ATTACHED: Final = "attached"
"""The server of such a deployment, and the source of what it serves."""
LEAST_RATE: Final = 0.1
MOST_RATE: Final = 100_000
"""Requests a second that one may be limited to."""
MOST_PID: Final = 2**31 - 1


class AttachedEndpoint(Record):
    """One of a run's endpoints that we neither start nor stop."""

    name: str
    url: str
    dialect: str
    """Of serveoff.loadtests.attached.dialects: which API it speaks."""
    template: str = ""
    """Of the request, of dialect json: JSON in which "$name" stands for that input's row."""
    answer: str = ""
    """Where a JSON answer holds what is compared, a JMESPath; empty: where its API says, or all of it."""
    headers: dict[str, str] = {}
    """By name: texts in which `${NAME}` stands for a variable of the environment, and `@file` for a file's content."""
    ca_file: str = ""
    """Of the authority that signed its certificate; empty: those that the system trusts."""
    pid: Annotated[int, Field(gt=0, le=MOST_PID)] | None = None
    """Of its process, where it is one of this machine."""
    container: str = ""
    """The name of its container, of this machine's engine."""
    metrics: str = ""
    """The URL of its Prometheus page."""
    max_rate: Annotated[float, Field(ge=LEAST_RATE, le=MOST_RATE)] | None = None
    """Requests a second that it is asked for at most."""
    guarded: bool = False
    """Whether it is left alone once it fails or slows down: it is not of this machine."""

    def __str__(self) -> str:
        return f"{self.name} ({self.dialect} at {self.url})"
