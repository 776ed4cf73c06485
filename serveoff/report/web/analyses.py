"""Analyses as `serveoff` stored them beside their runs: the page makes none."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from serveoff.analyse.analysis import Analysis
from serveoff.analyse.analysis_file import ANALYSIS_NAME, OtherVersion, load
from serveoff.record.reading import Damaged
from serveoff.report.web.run_list_item import read_item
from serveoff.report.web.runs import Found, NoSuchRun, Unreadable, find_run, readable


class NotAnalysed(Unreadable):
    """No analysis is stored of the run as it is now."""

    def __init__(self, found: Found) -> None:
        super().__init__(f"not analysed yet: serveoff report {found.shown_name}")


def analysis_of(found: Found) -> Found:
    """The file of a run's stored analysis; NotAnalysed where there is none, Unreadable where it is not to be read."""
    if found.problem:
        raise Unreadable(found.problem)
    try:
        file = find_run(found.folder.parent, found.name, ANALYSIS_NAME)
    except NoSuchRun:
        read_item(found)  # a run that cannot be read says so
        raise NotAnalysed(found) from None
    if file.problem:
        raise Unreadable(file.problem)
    return file


def read_analysis(found: Found, brief: bool = False) -> Analysis:
    """The stored analysis of a run; NotAnalysed where there is none, Unreadable where it is damaged or too large."""
    analysis_of(found)
    with readable(found), suppress(OtherVersion), _to_be_made_anew(found):
        analysis = load(found.folder / ANALYSIS_NAME, brief)
        if analysis.source.is_still(found.folder):
            return analysis
    read_item(found)
    raise NotAnalysed(found)


@contextmanager
def _to_be_made_anew(found: Found) -> Iterator[None]:
    """A damaged analysis need not be restored: it is made of the run's other files."""
    try:
        yield
    except Damaged as error:
        raise Damaged(error.text, f"make it again: serveoff report {found.shown_name}") from error
