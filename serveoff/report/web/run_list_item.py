"""A run as the list shows it before anything is computed: what run.json says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from serveoff.record.suite import Suite
from serveoff.report.web.cache import Cache
from serveoff.report.web.runs import Found, Stamp, Unreadable, read_suite

KEPT = 5_000
LONGEST = 120
"""Characters of a text that anyone may have written into run.json."""


@dataclass(frozen=True)
class Summary:
    """Either what the run is, or why it is `unreadable`."""

    found: Found
    started: datetime
    model: str = ""
    profile: str = ""
    runtime: str = ""
    machine: str = ""
    cpu: str = ""
    endpoints: int = 0
    complete: bool = False
    unreadable: str = ""

    @property
    def state(self) -> str:
        """`complete`, `partial` or `unreadable`."""
        return "unreadable" if self.unreadable else "complete" if self.complete else "partial"

    @property
    def when(self) -> str:
        """The start, in UTC."""
        return self.started.strftime("%Y-%m-%d %H:%M UTC")


class Summaries:
    """The summary of each run as it is now; run.json is read again when it changed."""

    def __init__(self) -> None:
        self._kept: Cache[Stamp, Summary] = Cache(KEPT)

    def of(self, found: Found) -> Summary:
        """Never fails: a run that cannot be read has a summary that says so."""
        known = self._kept.get(found.stamp)
        # Permissions change without the stamp: what could not be read is tried again.
        if known is None or known.unreadable:
            known = summarise(found)
            self._kept.put(found.stamp, known)
        return known


def summarise(found: Found) -> Summary:
    """Read a run's suite and keep what the list needs."""
    changed = _moment(found.changed_ns / 1e9)
    try:
        return _of_suite(found, read_suite(found), changed)
    except Unreadable as error:
        return Summary(found, changed, unreadable=_short(str(error)))


def _of_suite(found: Found, suite: Suite, changed: datetime) -> Summary:
    machine, settings = suite.environment.machine, suite.settings
    return Summary(
        found=found,
        started=_started(suite.started_at) or changed,
        model=_short(settings.model),
        profile=_short(settings.profile),
        runtime=settings.runtime,
        machine=_short(machine.id),
        cpu=_short(f"{machine.cpu_model}, {machine.cores} cores"),
        endpoints=len(suite.endpoints),
        complete=suite.complete,
    )


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # a file system takes years that a calendar does not
        return datetime.fromtimestamp(0, UTC)


def _started(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
