"""What can be wrong with a request's body, or with an answer."""

_QUOTED_CHARACTERS = 80


class BadInputError(ValueError):
    """A request body that cannot be a batch; the message says what is wrong and what belongs there."""


class BadOutputError(Exception):
    """The model answered something that JSON cannot say."""


def quoted(text: str) -> str:
    """A client's own text as an error repeats it: its first 80 characters, so that two of them are under 200."""
    return text if len(text) <= _QUOTED_CHARACTERS else f"{text[:_QUOTED_CHARACTERS]}..."
