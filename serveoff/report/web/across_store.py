"""The summaries in the results folder, as the list and the reports lead to them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import url_for

from serveoff.analyse.across_models.summary import Summary
from serveoff.analyse.comparison import CrossModelLink
from serveoff.report.across_models.store import PREFIX, SUMMARY_NAME, load
from serveoff.report.web.runs import Found, Unreadable, find_runs, readable

SHOWN: Final = 12
"""The newest summaries, on the list of runs."""


@dataclass(frozen=True)
class Listed:
    """A summary on the list: which models, when, or why it cannot be read."""

    name: str
    when: str = ""
    models: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    unreadable: str = ""


def newest(root: Path) -> list[Listed]:
    """The newest summaries by their names, which begin with the time."""
    try:
        found = find_runs(root, SUMMARY_NAME)
    except OSError:
        return []
    named = [f for f in found if f.name.startswith(PREFIX) and f.addressable]
    return [_listed(f) for f in sorted(named, key=lambda f: f.name, reverse=True)[:SHOWN]]


def holding(root: Path, run_id: str) -> tuple[CrossModelLink, ...]:
    """The newest summaries that hold a run, for the page of its report."""
    found = []
    for listed in newest(root):
        if run_id in listed.runs:
            address = url_for("summaries.summary", name=listed.name)
            found.append(CrossModelLink(listed.name, listed.models, address, address))
    return tuple(found)


def read(found: Found) -> Summary:
    """Its figures; Unreadable where it is damaged, locked or too large."""
    with readable(found):
        return load(found.folder)


def _listed(found: Found) -> Listed:
    try:
        kept = read(found)
    except Unreadable as error:
        return Listed(found.name, unreadable=str(error))
    models, runs = (tuple(getattr(model, name) for model in kept.models) for name in ("model", "run_id"))
    return Listed(found.name, kept.made_at[:16].replace("T", " "), models, runs)
