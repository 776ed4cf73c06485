"""Whoever reads what a command says may end before it does."""

import os

from serveoff.models.jobs.terminal import Terminal


def test_what_nobody_reads_any_more_ends_nothing():
    read, write = os.pipe()
    terminal = Terminal(file=os.fdopen(write, "w"))
    os.close(read)
    terminal.print("x" * 100_000)
    terminal.print("and more")
    assert terminal.quiet
    terminal.file.close()
