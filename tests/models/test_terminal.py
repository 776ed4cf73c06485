"""Whoever reads what a command says may end before it does, and is a terminal that obeys what it reads."""

import io
import os

import pytest
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text

from serveoff.models.jobs.terminal import Terminal

HOSTILE = "lab\x1b[2Jel\x9b1m\u202e"
SHOWN = r"lab\x1b[2Jel\x9b1m\u202e"


def table(*cells):
    made = Table("name", "same", box=None)
    made.add_row(*cells)
    return made


@pytest.mark.parametrize("thing", [HOSTILE, Text(HOSTILE), table(HOSTILE, Text(HOSTILE))])
@pytest.mark.parametrize("how", [{}, {"markup": False, "soft_wrap": True}, {"style": "red"}])
def test_what_a_terminal_would_obey_is_written_out(thing, how):
    terminal = Terminal(file=io.StringIO(), width=120)
    terminal.print(thing, **how)
    said = terminal.file.getvalue()
    assert SHOWN in said
    assert all(c.isprintable() or c == "\n" for c in said)


def test_our_own_colours_stay():
    terminal = Terminal(file=io.StringIO(), width=120, force_terminal=True, color_system="standard")
    terminal.print(HOSTILE, style="red", markup=False, highlight=False)
    assert terminal.file.getvalue() == f"\x1b[31m{SHOWN}\x1b[0m\n"


def test_a_live_line_is_no_way_around_it():
    terminal = Terminal(file=io.StringIO(), width=120, force_terminal=True)
    with Progress(TextColumn("{task.description}", markup=False), console=terminal) as progress:
        progress.add_task(HOSTILE)
    said = terminal.file.getvalue()
    assert r"lab\x1b[2J" in said
    assert not any(word in said for word in ("\x1b[2J", "\x9b", "\u202e"))


def test_what_nobody_reads_any_more_ends_nothing():
    read, write = os.pipe()
    terminal = Terminal(file=os.fdopen(write, "w"))
    os.close(read)
    terminal.print("x" * 100_000, highlight=False)
    terminal.print("and more")
    assert terminal.quiet
    terminal.file.close()


@pytest.mark.parametrize("stderr", [True, False])
def test_a_full_disk_below_a_log_ends_nothing_and_what_an_answer_lost_is_remembered(monkeypatch, stderr):
    monkeypatch.setattr(Terminal, "unsaid", "")
    terminal = Terminal(stderr=stderr)
    terminal.file = open("/dev/full", "w")  # noqa: SIM115
    terminal.print("a line")
    terminal.print("and more")
    terminal.file.close()
    assert terminal.quiet
    assert Terminal.unsaid == ("" if stderr else "No space left on device")


def test_so_does_one_below_a_live_line():
    terminal = Terminal(stderr=True, width=120, force_terminal=True)
    terminal.file = open("/dev/full", "w")  # noqa: SIM115
    with Progress(TextColumn("{task.description}"), console=terminal) as progress:
        progress.add_task("rounds")
    terminal.file.close()
    assert terminal.quiet
