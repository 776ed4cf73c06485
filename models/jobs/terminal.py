"""Where commands print."""

import os

from rich.console import Console


class Terminal(Console):
    """A console whose reader may end before we do: Ctrl-C in `serveoff run | tee log` ends both."""

    def on_broken_pipe(self) -> None:
        """Say nothing more, and go on; Rich would exit with 1."""
        self.quiet = True
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), self.file.fileno())
