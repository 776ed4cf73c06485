"""What a look at a run that goes on said: who is out of every race, and whether all is decided."""

from serveoff.record.base import Record


class Look(Record):
    """One look, after the rounds of one start of every contender."""

    after_start: int
    looks: int = 1
    """How many the run was to have, this one included, as far as there was time: its errors are shared among them."""
    out: list[str] = []
    """Endpoints that take no more rounds: clearly beaten on every objective, and their own figures known."""
    leaders: list[str] = []
    """The best three, best first: whose capacity and open loop are measured."""
    pairs: int = 0
    """Pairs of contenders and objectives."""
    undecided: int = 0
    """Those of them that are neither faster nor tied yet."""
    decided: bool = False
    """All pairs of contenders that are not out are decided: the run may end."""
