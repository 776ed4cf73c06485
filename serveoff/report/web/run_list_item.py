"""A run as the list shows it before anything is computed: what run.json says of it."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from serveoff.report.phrases.recommendation import standing
from serveoff.report.web.runs import Found, Unreadable, find_runs, read_suite

KEPT = 5_000
RECENT_S = 600.0
"""The rounds of one start take no longer."""
RUN_ID: Final = re.compile(r"(\d{8}-\d{6})-")
LONGEST = 120
"""Characters of a text that anyone may have written into run.json."""


@dataclass(frozen=True)
class RunListItem:
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
    standing: str = ""
    """Of a race that goes on."""
    unreadable: str = ""

    def goes_on(self, now_s: float) -> bool:
        """It is not complete, and was written to within RECENT_S."""
        return not (self.complete or self.unreadable) and now_s - self.found.changed_ns / 1e9 < RECENT_S


def item_of(found: Found) -> RunListItem:
    """What the list needs of a run; never fails: one that cannot be read has an item that says so."""
    try:
        return read_item(found)
    except Unreadable as error:
        return RunListItem(found, _moment(found.changed_ns / 1e9), unreadable=_short(str(error)))


@lru_cache(KEPT)  # a finished run.json, which `found` tells from a later one, is not read again for every view
def read_item(found: Found) -> RunListItem:
    """The same; Unreadable where run.json is damaged, locked or too large."""
    suite = read_suite(found)
    machine, settings = suite.environment.machine, suite.settings
    return RunListItem(
        found=found,
        started=_started(suite.started_at) or _moment(found.changed_ns / 1e9),
        model=_short(settings.model),
        profile=_short(settings.profile),
        runtime=settings.runtime,
        machine=_short(machine.id),
        cpu=_short(f"{machine.cpu_model}, {machine.cores_said}"),
        endpoints=len(suite.endpoints),
        complete=suite.complete,
        standing=_short(standing(suite)),
    )


def newest_runs(root: Path) -> tuple[list[Found], str]:
    """Every run, newest first, and why the folder cannot be read, if so.

    The name that a run is given begins with its start: only a folder that was renamed has to be opened for it.
    """
    try:
        found = find_runs(root)
    except OSError as error:
        return [], error.strerror or str(error)
    return sorted(found, key=lambda run: (_begun(run), run.name), reverse=True), ""


def _begun(found: Found) -> datetime:
    if stamp := RUN_ID.match(found.name):
        with suppress(ValueError):  # digits that are no date
            return datetime.strptime(stamp[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    return item_of(found).started


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
