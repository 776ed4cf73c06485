"""Text of a file that nobody vouches for, as a terminal may show it."""

from typing import Final

SPACES: Final = "\n\t\u00a0"
"""Not printable to Python, and harmless: ends of lines, tabs, and the space between a figure and its unit."""


def visible(text: str) -> str:
    """The text with an escape in place of every character that is not printed; lines and spaces stay."""
    return "".join(c if c.isprintable() or c in SPACES else c.encode("unicode_escape").decode() for c in text)
