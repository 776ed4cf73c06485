"""Progress of a run: a line with the time left on a terminal; elsewhere a line per step, and one a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

LINE_EVERY_S = 60.0


class RunProgress:
    """Says what is done now, and how many seconds of `total_s` are left."""

    def __init__(self, console: Console, total_s: float) -> None:
        self._console, self._total_s = console, total_s
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[left]} left"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID = self._bar.add_task("starting", total=total_s, left=_clock(total_s))
        self._began = self._said_at = time.monotonic()
        self.done_s: Callable[[], float] = lambda: time.monotonic() - self._began
        """How much of the total has passed; who knows better says so."""

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        """Take the bar away."""
        self._bar.__exit__(*raised)

    def step(self, description: str) -> None:
        """Begin a step, which has a line of its own."""
        self._line(description)
        self._show(description)

    def tick(self, description: str) -> None:
        """What goes on within a step."""
        if time.monotonic() - self._said_at >= LINE_EVERY_S:
            self._line(description)
        self._show(description)

    def note(self, text: str) -> None:
        """Something that the reader should know of, now."""
        self._console.print(text, style="yellow", highlight=False, markup=False)

    def _line(self, description: str) -> None:
        self._said_at = time.monotonic()
        if self._bar.disable:
            self._console.print(f"[{_clock(self._left_s)} left] {description}", highlight=False, markup=False)

    def _show(self, description: str) -> None:
        done_s = min(self.done_s(), self._total_s)
        self._bar.update(self._task, description=description, completed=done_s, left=_clock(self._left_s))

    @property
    def _left_s(self) -> float:
        return max(self._total_s - self.done_s(), 0.0)


def _clock(seconds: float) -> str:
    """`4:05`."""
    minutes, rest = divmod(max(round(seconds), 0), 60)
    return f"{minutes}:{rest:02d}"
