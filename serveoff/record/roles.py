"""What an endpoint is for: only contenders are ranked, win or decide a claim."""

from typing import Final, Literal, Protocol

Role = Literal["contender", "variant", "floor", "null", "stand-in"]
STAND_IN_SERVER: Final = "tfserving-embedded"


class Served(Protocol):
    """A deployment of the registry, or the result of an endpoint."""

    @property
    def server(self) -> str:
        """What serves it."""

    @property
    def format(self) -> str:
        """What is served."""

    @property
    def variant(self) -> str:
        """The setting in which it differs; empty where it is none."""


def role_of(served: Served) -> Role:
    """Floors, null and variants explain contenders, and a stand-in stands for a server's place."""
    if served.server == "inprocess":
        return "floor"
    if served.variant:
        return "variant"
    if served.format == "null":
        return "null"
    return "stand-in" if served.server == STAND_IN_SERVER else "contender"
