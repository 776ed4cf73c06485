"""The time left of a run, as it is told where there is no terminal."""

import io

import pytest
from rich.console import Console

from serveoff.measure import progress as module
from serveoff.measure.progress import RunProgress


@pytest.fixture
def told():
    """A progress of 100 seconds, what has passed of them, and the lines that it wrote."""
    output, passed = io.StringIO(), [0.0]
    with RunProgress(Console(file=output, width=80), 100.0) as progress:
        progress.done_s = lambda: passed[0]
        yield progress, passed, lambda: output.getvalue().splitlines()


def test_each_step_tells_what_is_left_when_it_begins(told):
    progress, passed, lines = told
    progress.step("one")
    passed[0] = 30.0
    progress.tick("within one")
    progress.step("two")
    passed[0] = 130.0
    progress.step("three")
    assert lines() == ["[1:40 left] one", "[1:10 left] two", "[0:00 left] three"]


def test_a_long_step_says_once_a_minute_where_it_is(told, monkeypatch):
    progress, passed, lines = told
    progress.step("one")
    monkeypatch.setattr(module, "LINE_EVERY_S", 0.0)
    passed[0] = 61.0
    progress.tick("round 7")
    assert lines() == ["[1:40 left] one", "[0:39 left] round 7"]
