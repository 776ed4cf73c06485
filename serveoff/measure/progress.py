"""Progress of a run: a bar with the time left on a terminal, a line per step elsewhere."""

from __future__ import annotations

import time
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class RunProgress:
    """Knows the seconds a run should take; each step advances by its estimate, however long it really took."""

    def __init__(self, console: Console, total_s: float) -> None:
        self._console = console
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
        self._done_s = 0.0
        self._total_s = total_s
        self._step_s = 0.0
        self._step_began = time.monotonic()

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        """Take the bar away."""
        self._bar.__exit__(*raised)

    def step(self, description: str, estimate_s: float) -> None:
        """Begin a step; the one before is complete."""
        self._done_s += self._step_s
        self._step_s, self._step_began = estimate_s, time.monotonic()
        if self._bar.disable:
            self._console.print(
                f"[{_clock(self._total_s - self._done_s)} left] {description}", highlight=False, markup=False
            )
        self.tick(description)

    def tick(self, description: str | None = None) -> None:
        """Move the bar within a step; never past the step's estimate."""
        within = min(time.monotonic() - self._step_began, self._step_s)
        done = self._done_s + within
        left = _clock(max(self._total_s - done, 0.0))
        self._bar.update(self._task, completed=done, left=left, description=description)

    def expect(self, more_s: float) -> None:
        """The run will take so many seconds more than was thought, or less."""
        self._total_s += more_s
        self._bar.update(self._task, total=self._total_s)

    def note(self, text: str) -> None:
        """Say something that stays on the screen."""
        self._console.print(text, highlight=False, markup=False)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
