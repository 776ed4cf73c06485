"""Analyses of runs: seconds of bootstrap each, so one at a time, only when asked for, and kept."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.analyse.analysis import Analysis, analyse
from serveoff.analyse.point_estimates import loads_of
from serveoff.loadtests.recording.rows import parts
from serveoff.record.suite import Suite
from serveoff.report.web.cache import Cache
from serveoff.report.web.runs import Found, Stamp, Unreadable, read_suite, readable

KEPT: Final = 8
"""An analysis of every endpoint holds a few MB of replicates."""
WAITING: Final = 6
"""Requests that may wait for an analysis at once: fewer than the server has threads, so that others are answered."""
MOST_ROWS: Final = 20_000_000
"""The full profile writes a few million; this many take about 1 GB to analyse."""
MOST_POINTS: Final = 5_000

log = logging.getLogger(__name__)


class Busy(Exception):
    """Too many requests wait for an analysis already."""


class Analyses:
    """The analysis of each run as it is now."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept: Cache[Stamp, Analysis] = Cache(kept)
        self._one_at_a_time = threading.Lock()
        self._seats = threading.BoundedSemaphore(WAITING)

    def of(self, found: Found) -> Analysis:
        """Unreadable where the run cannot be analysed, Busy where too many wait."""
        known = self._kept.get(found.stamp)
        if known is not None:
            return known
        if not self._seats.acquire(blocking=False):
            raise Busy
        try:
            with self._one_at_a_time:
                return self._kept.get(found.stamp) or self._compute(found)
        finally:
            self._seats.release()

    def _compute(self, found: Found) -> Analysis:
        suite = read_suite(found)
        try:
            with readable(found):
                check(found.folder, suite)
                analysis = analyse(found.folder)
        except Unreadable as error:
            log.warning("run %s cannot be analysed", ascii(found.name), exc_info=error.__cause__)
            raise
        self._kept.put(found.stamp, analysis)
        return analysis


def check(folder: Path, suite: Suite) -> None:
    """Unreadable for a suite that names files outside its own folder, or more than is reasonable to compute."""
    points = len(suite.settings.concurrencies)  # the least it can be: to list very many would take seconds
    if points <= MOST_POINTS:
        points = sum(len(loads_of(result, suite)) for result in suite.endpoints)
    if points > MOST_POINTS:
        raise Unreadable(f"it has {points:,} points: more than {MOST_POINTS:,} are not analysed here")
    named = {window.rows for result in suite.endpoints for window in result.windows}
    rows = sum(_count(folder, name) for name in named)
    if rows > MOST_ROWS:
        raise Unreadable(
            f"it has {rows:,} rows: more than {MOST_ROWS:,} are not analysed here; use `serveoff report {folder.name}`"
        )


def _count(folder: Path, name: str) -> int:
    """How many rows the files of one name hold; what is missing or damaged is the analysis's to report."""
    _refuse_outside(folder, folder / name)
    return sum(_count_file(folder, part) for part in parts(folder / name))


def _count_file(folder: Path, path: Path) -> int:
    _refuse_outside(folder, path)
    if not path.is_file():  # a pipe would block its reader for ever
        raise Unreadable("it names rows that are not a regular file")
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, ValueError, pa.ArrowException):
        return 0


def _refuse_outside(folder: Path, path: Path) -> None:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise Unreadable("it names rows outside its own folder")
