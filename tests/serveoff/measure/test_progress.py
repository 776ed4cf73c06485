"""What a run says while it goes on: plain lines where there is no terminal, one live line where there is."""

import io

import pytest
from rich.console import Console

from serveoff.measure import progress as module
from serveoff.measure.progress import RunProgress
from serveoff.models.jobs.terminal import Terminal
from serveoff.record.race import Look


@pytest.fixture(params=["no terminal", "dumb terminal"])
def told(request, monkeypatch):
    """A progress of 100 seconds, what has passed of them, and the lines that it wrote."""
    monkeypatch.setenv("TERM", "dumb")
    output, passed, on_terminal = io.StringIO(), [0.0], request.param == "dumb terminal"
    with RunProgress(Console(file=output, width=80, force_terminal=on_terminal), 100.0) as progress:
        progress.done_s = lambda: passed[0]
        yield progress, passed, lambda: output.getvalue().splitlines()


def test_without_a_terminal_no_step_has_a_line_of_its_own_but_the_first(told):
    progress, _, lines = told
    for step in ("start 1 of 9   flask-tuned-null", "start 2 of 9   flask-savedmodel", "rounds of start 1"):
        progress.tick(step)
    assert lines() == ["1:40 left   start 1 of 9   flask-tuned-null"]


def test_without_a_terminal_it_says_once_a_minute_where_it_is(told, monkeypatch):
    progress, passed, lines = told
    progress.tick("one")
    monkeypatch.setattr(module, "LINE_EVERY_S", 0.0)
    for passed[0], step in ((61.0, "round 7"), (130.0, "round 8")):
        progress.tick(step)
    assert lines() == ["1:40 left   one", "0:39 left   round 7", "0:30 over   round 8"]


def test_the_standing_of_the_race_stands_beside_what_goes_on(told):
    progress, _, lines = told
    progress.standing(Look(after_start=2, out=["b-rest"], leaders=["a-rest", "c-rest"], pairs=40, undecided=12))
    progress.tick("round 8")
    assert lines() == ["1:40 left   round 8   a-rest leads, 12 of 40 differences open, 1 out"]


def test_a_note_is_said_at_once(told):
    progress, _, lines = told
    progress.tick("round 8")
    progress.note("flask-tuned-null ended: killed by signal 9")
    assert lines()[-1] == "flask-tuned-null ended: killed by signal 9"


def test_a_terminal_has_one_live_line_that_fits_and_is_gone_at_the_end(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    output = io.StringIO()
    with RunProgress(Console(file=output, width=80, force_terminal=True), 100.0) as progress:
        progress.standing(Look(after_start=2, leaders=["a-long-name-of-an-endpoint-rest"], pairs=400, undecided=120))
        progress.tick("round 117, slice 31 of 44   tfserving-savedmodel-grpc")
        shown = Console(file=io.StringIO(), width=80)
        shown.print(progress._bar.get_renderable())
        (line,) = shown.file.getvalue().splitlines()
        assert "left" in line
        assert len(line) <= 80
    assert output.getvalue().endswith("\x1b[2K\x1b[?25h") or output.getvalue().count("\n") <= 1


def test_what_a_server_says_of_itself_is_no_order_to_the_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    output = io.StringIO()
    with RunProgress(Terminal(file=output, width=80, force_terminal=True), 100.0) as progress:
        progress.tick("asking \x1b[2J")
        progress.note("prod will not be timed: HTTP 401: \x1b[2J\x9b")
    assert output.getvalue().count(r"\x1b[2J") >= 2
    assert not any(order in output.getvalue() for order in ("\x1b[2J", "\x9b"))
