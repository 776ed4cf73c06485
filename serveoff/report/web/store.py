"""The results folder that every view reads."""

from __future__ import annotations

from pathlib import Path

from flask import current_app

from serveoff.report.web.run_list_item import RunListItem, item_of
from serveoff.report.web.runs import find_runs

EXTENSION = "serveoff"


def results_folder() -> Path:
    """That of the application that answers this request."""
    root = current_app.extensions[EXTENSION]
    assert isinstance(root, Path)
    return root


def newest_runs(root: Path) -> tuple[list[RunListItem], str]:
    """Every run, newest first, and why the folder cannot be read, if so."""
    try:
        summaries = [item_of(found) for found in find_runs(root)]
    except OSError as error:
        return [], error.strerror or str(error)
    return sorted(summaries, key=lambda run: (run.started, run.found.name), reverse=True), ""
