"""Where a summary's page finds the report of a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

Link = Callable[[str], str]
"""A run's id to the address of its report."""


def to_reports(folder: Path, reports: Path) -> Link:
    """Addresses relative to a summary's `folder`, of reports below `reports`."""
    start = Path(os.path.relpath(reports.resolve(), folder.resolve())).as_posix()
    return lambda run_id: f"{quote(start)}/{quote(run_id, safe='')}/report.html"


def beside(run_id: str) -> str:
    """The same where results and reports lie side by side, as they do unless told otherwise."""
    return f"../../reports/{quote(run_id, safe='')}/report.html"
