"""What a command says, and how it fails."""

import os
import sys
from typing import Final, NoReturn

from rich.console import Console

from serveoff.models.jobs.visible import visible


class Terminal(Console):
    """A console whose reader may end before we do: Ctrl-C in `serveoff run | tee log` ends both."""

    def on_broken_pipe(self) -> None:
        """Say nothing more, and go on; Rich would exit with 1."""
        self.quiet = True
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), self.file.fileno())


console: Final = Terminal(stderr=True)


def fail(message: str, hint: str, code: int) -> NoReturn:
    """Say what went wrong and what to do next, and exit with this code."""
    console.print(f"error: {visible(message)}", style="red", highlight=False, markup=False)
    if hint:
        console.print(f"  next: {visible(hint)}", highlight=False, markup=False)
    sys.exit(code)
