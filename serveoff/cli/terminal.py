"""What a command says, and how it fails."""

import sys
from typing import Final, NoReturn

from serveoff.models.jobs.terminal import Terminal

console: Final = Terminal(stderr=True)


def fail(message: str, hint: str, code: int) -> NoReturn:
    """Say what went wrong and what to do next, and exit with this code."""
    console.print(f"error: {message}", style="red", highlight=False, markup=False)
    if hint:
        console.print(f"  next: {hint}", highlight=False, markup=False)
    sys.exit(code)
