"""What can be wrong with a request's body, or with an answer."""


class BadInputError(ValueError):
    """A request body that cannot be a batch; the message says what is wrong and what belongs there."""


class BadOutputError(Exception):
    """The model answered something that JSON cannot say."""
