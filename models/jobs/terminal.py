"""Where commands print."""

import os
from collections.abc import Iterable
from typing import Any, ClassVar

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from serveoff.models.jobs.visible import visible


class Terminal(Console):
    """A console that nothing in a text takes hold of: what a terminal would obey is written out, whoever wrote it.

    Its reader may end before we do: Ctrl-C in `serveoff run | tee log` ends both. The disk below a log may be full.
    """

    unsaid: ClassVar[str] = ""
    """Why a part of the standard output was lost; empty where nobody was kept from reading it."""

    def render_str(self, text: str, **how: Any) -> Text:
        """A text as it will be seen, so that it is laid out by what is seen of it."""
        return super().render_str(visible(text), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Whatever is printed, also what was laid out before it came here; Rich's own control codes stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))

    def _check_buffer(self) -> None:
        """Write what is printed; where that cannot be, as on a broken pipe nothing more is said."""
        try:
            super()._check_buffer()
        except OSError as error:
            self.on_broken_pipe()
            if not self.stderr:
                Terminal.unsaid = error.strerror or str(error)

    def on_broken_pipe(self) -> None:
        """Say nothing more, and go on; Rich would exit with 1."""
        self.quiet = True
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), self.file.fileno())
