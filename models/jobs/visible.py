"""Text of a file that nobody vouches for, as a terminal may show it."""


def visible(text: str) -> str:
    """The text with an escape in place of every character that is not printed; lines stay lines."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
