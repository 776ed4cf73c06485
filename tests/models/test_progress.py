"""What an export says while it goes on."""

import pytest

from serveoff.models.progress import Steps


@pytest.mark.parametrize("terminal", [{}, {"TERM": "dumb", "FORCE_COLOR": "1"}])
def test_where_no_bar_can_be_drawn_each_step_has_a_line(monkeypatch, capsys, terminal):
    """Rich takes what FORCE_COLOR is set for to be a terminal."""
    for name in ("TERM", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in terminal.items():
        monkeypatch.setenv(name, value)
    with Steps() as steps, steps.step("train", total=2) as advance:
        advance()
    assert capsys.readouterr().err == "train ...\n"
