"""What master and workers tell each other besides Locust's own messages."""

from typing import Final

CLOCK: Final = "serveoff_clock"
"""The master asks what time it is, with the number of its question; so the worker answers."""
COMMAND: Final = "serveoff_command"
"""A line of serveoff.loadtests.generator.commands, from the master."""
EVENT: Final = "serveoff_event"
"""What became of a command, from a worker, as the generator tells it."""
