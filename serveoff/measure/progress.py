"""Progress of a run: one live line on a terminal that can redraw it; elsewhere a plain line a minute."""

import time
from collections.abc import Callable
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Column

from serveoff.record.race import Look

LINE_EVERY_S: Final = 60.0
REFRESHES_A_SECOND: Final = 2
"""The line is drawn on the load generator's core."""


class RunProgress:
    """Says what is done now, who leads, and how many seconds of `total_s` are left."""

    def __init__(self, console: Console, total_s: float) -> None:
        self._console, self._total_s, self._standing = console, total_s, ""
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[left]}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=12),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
            console=console,
            transient=True,
            expand=True,
            disable=not console.is_terminal or console.is_dumb_terminal,
            refresh_per_second=REFRESHES_A_SECOND,
        )
        self._task: TaskID = self._bar.add_task("starting", total=total_s, left=_left(total_s))
        self._began = time.monotonic()
        self._said_at: float | None = None
        self.done_s: Callable[[], float] = lambda: time.monotonic() - self._began
        """How much of the total has passed; who knows better says so."""

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        """Take the bar away."""
        self._bar.__exit__(*raised)

    def tick(self, description: str) -> None:
        """What goes on now."""
        text = f"{description}   {self._standing}".rstrip()
        done_s = self.done_s()
        left = _left(self._total_s - done_s)
        self._bar.update(self._task, description=text, completed=min(done_s, self._total_s), left=left)
        if self._bar.disable and self._due():
            self._said_at = time.monotonic()
            self._console.print(f"{left}   {text}", highlight=False, markup=False, soft_wrap=True)

    def standing(self, look: Look) -> None:
        """Who leads the race, from now on shown beside what goes on."""
        said = [
            f"{look.leaders[0]} leads" if look.leaders else "",
            f"{look.undecided} of {look.pairs} differences open",
            f"{len(look.out)} out" if look.out else "",
        ]
        self._standing = ", ".join(filter(None, said))

    def note(self, text: str) -> None:
        """Something that the reader should know of, now."""
        self._console.print(text, style="yellow", highlight=False, markup=False)

    def _due(self) -> bool:
        return self._said_at is None or time.monotonic() - self._said_at >= LINE_EVERY_S


def _left(seconds: float) -> str:
    """`4:05 left`, and once the time has passed `0:20 over`."""
    minutes, rest = divmod(abs(round(seconds)), 60)
    return f"{minutes}:{rest:02d} {'left' if round(seconds) >= 0 else 'over'}"
