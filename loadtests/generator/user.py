"""The one Locust user of a process that is commanded: it does what the generator is told, on all connections."""

import os
import signal
import traceback
from contextlib import suppress
from types import FrameType
from typing import ClassVar

from locust import User, task

from serveoff.loadtests.generator.generator import Generator
from serveoff.loadtests.generator.protocol import FAILED, INTERRUPTED, Wire


class CommandedUser(User):  # type: ignore[misc]  # Locust is not typed for strict mode
    """Its task lasts until the commands end, and the process with it: there is nothing an orderly end would save."""

    wire: ClassVar[Wire]

    @task  # type: ignore[untyped-decorator]
    def obey(self) -> None:
        """Until the input ends, or at once on a signal: gevent's own handlers wait until its loop runs again."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, _end)
        code = FAILED
        try:
            generator = Generator(self.wire.tell)
            self.wire.tell("ready")
            with suppress(BrokenPipeError):
                for line in self.wire.commands():
                    generator.obey(line)
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)


def _end(signum: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
