"""How requests come: in a closed loop of callers, or in an open one at a rate; and what each request carries."""

import re
from dataclasses import dataclass
from typing import Final, Literal, cast

Arrivals = Literal["closed", "poisson", "constant"]
OPEN_LOOP_CONNECTIONS: Final = 256
"""At most so many requests are under way at once in an open loop; those that come then wait, and their wait counts."""

POOL_BYTES: Final = 128 * 2**20
"""Of requests that wait to be sent in one load: where they are larger, there are fewer different ones."""

_LOAD = re.compile(
    r"(?:(?P<users>\d+)|(?P<arrivals>poisson|constant)@(?P<rate>\d+(?:\.\d+)?))"
    r"(?:/(?P<payload>[a-z][a-z0-9_]*?))?(?:x(?P<batch>\d+))?"
)


@dataclass(frozen=True, order=True)
class Load:
    """What one window asks of an endpoint. Windows of equal load are one point, over all rounds.

    Closed: `concurrency` callers, each sending its next request when its last is answered. Open: `rate` requests a
    second, whether or not the last ones were answered, over at most `concurrency` connections.
    """

    concurrency: int = 1
    arrivals: Arrivals = "closed"
    rate: float = 0.0
    """Requests a second, of an open loop; 0 in a closed one."""
    payload: str = ""
    """Which encoding, by its name in serveoff.loadtests.payloads; empty: the protocol's own."""
    batch: int = 1
    """Input rows in each request."""

    @property
    def closed(self) -> bool:
        """Callers wait for their answers."""
        return self.arrivals == "closed"

    @property
    def plain(self) -> bool:
        """A closed loop of single rows in the protocol's own encoding: what all endpoints are ranked by."""
        return self.closed and not self.payload and self.batch == 1

    @property
    def text(self) -> str:
        """As `parse_load` reads it: `4`, `poisson@500`, `1/rest_rawx32`."""
        how = str(self.concurrency) if self.closed else f"{self.arrivals}@{self.rate:g}"
        return how + (f"/{self.payload}" if self.payload else "") + (f"x{self.batch}" if self.batch > 1 else "")


def closed(concurrency: int) -> Load:
    """So many callers, single rows, the protocol's own encoding."""
    return Load(concurrency)


def round_rate(rate: float) -> float:
    """To three significant digits: the same rate in every round, fit to be read."""
    return float(f"{rate:.3g}")


def parse_load(text: str) -> Load:
    """The load that a text stands for; ValueError says what is wrong.

    `4`: four callers. `poisson@500`, `constant@500`: arrivals a second. `/NAME`: that payload. `x32`: rows a request.
    """
    found = _LOAD.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a load: write 4, poisson@500, constant@500, 4/rest_raw or 4x32")
    users, batch = int(found["users"] or OPEN_LOOP_CONNECTIONS), int(found["batch"] or 1)
    rate = float(found["rate"] or 0)
    if users < 1 or batch < 1 or (found["arrivals"] and not 0 < rate < 1e6):
        raise ValueError(f"{text!r} needs at least one user, one row and more than zero requests a second")
    arrivals = cast(Arrivals, found["arrivals"] or "closed")
    return Load(users, arrivals, rate, found["payload"] or "", batch)
