"""The time left of a run, as it is told where there is no terminal."""

import io

import pytest
from rich.console import Console

from serveoff.measure.progress import RunProgress


@pytest.fixture
def told():
    """The lines that a progress of 100 seconds wrote."""
    output = io.StringIO()
    with RunProgress(Console(file=output, width=80), 100.0) as progress:
        yield progress, lambda: output.getvalue().splitlines()


def test_each_step_tells_what_is_left_when_it_begins(told):
    progress, lines = told
    progress.step("one", 30.0)
    progress.step("two", 60.0)
    progress.tick()
    assert lines() == ["[1:40 left] one", "[1:10 left] two"]


def test_what_turns_out_to_take_longer_is_counted_from_then_on(told):
    progress, lines = told
    progress.step("one", 30.0)
    progress.expect(90.0)
    progress.step("two", 60.0)
    progress.expect(-100.0)
    progress.step("three", 0.0)
    assert lines() == ["[1:40 left] one", "[2:40 left] two", "[0:00 left] three"]
