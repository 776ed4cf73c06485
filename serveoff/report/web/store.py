"""The results folder, and what was computed from it: what every view asks."""

from __future__ import annotations

from pathlib import Path

from flask import current_app

from serveoff.analyse.analysis import Analysis
from serveoff.report.web.analyses import Analyses
from serveoff.report.web.cache import Cache
from serveoff.report.web.run_list_item import Summaries, Summary
from serveoff.report.web.runs import Found, Stamp, find_runs, readable
from serveoff.report.web.verdict_card import Glance, glance

GLANCES = 2_000
EXTENSION = "serveoff"


class Store:
    """One results folder. Everything kept is kept under a run's stamp, so a run that changes is read again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._summaries = Summaries()
        self._analyses = Analyses()
        self._glances: Cache[Stamp, Glance] = Cache(GLANCES)

    def runs(self) -> tuple[list[Summary], str]:
        """Every run, newest first, and why the folder cannot be read, if so."""
        try:
            summaries = [self._summaries.of(found) for found in find_runs(self.root)]
        except OSError as error:
            return [], error.strerror or str(error)
        return sorted(summaries, key=lambda run: (run.started, run.found.name), reverse=True), ""

    def analysis(self, found: Found) -> Analysis:
        """Takes seconds the first time."""
        return self._analyses.of(found)

    def known_glance(self, found: Found) -> Glance | None:
        """The verdict, if it was computed before."""
        return self._glances.get(found.stamp)

    def glance(self, found: Found) -> Glance:
        """The verdict; takes seconds the first time."""
        known = self.known_glance(found)
        if known is None:
            comparison = self.analysis(found).comparison
            with readable(found):
                known = glance(comparison)
            self._glances.put(found.stamp, known)
        return known


def store() -> Store:
    """The store of the application that answers this request."""
    kept = current_app.extensions[EXTENSION]
    assert isinstance(kept, Store)
    return kept
