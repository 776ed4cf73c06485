"""The progress display of an export: a bar per step, with the time that is left, on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from serveoff.models import interrupts
from serveoff.models.jobs.terminal import Terminal

Advance = Callable[[], None]
"""Told that one more part of a step is done."""


class Steps:
    """Shows one bar per step, or, where stderr is no terminal that redraws, prints a line when a step begins."""

    def __init__(self) -> None:
        self._console = Terminal(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description:<16}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal or self._console.is_dumb_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.stop()

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[Advance]:
        """Show a step of `total` parts; the block calls what it is given after each, from any thread."""
        if self._progress.disable:
            self._console.print(f"{name} ...", highlight=False)
        task = self._progress.add_task(name, total=total)

        def advance() -> None:
            interrupts.check()
            self._progress.advance(task)

        interrupts.check()
        yield advance
