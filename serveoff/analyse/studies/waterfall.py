"""Where the time of a request goes, by endpoint, with one caller: what the server says of itself, and the rest.

Everything here is a mean: means of parts add up to the mean of the whole, medians do not. The whole is the mean of the
raw rows' latencies. Of it the server's own clock covers a part (`Told.total_s`): what lies outside is the wire and the
server's work before that clock starts and after it stops; what lies inside and is in none of the parts that the server
names is unattributed. Encoding the request is beside the whole: requests are encoded before the clock starts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final

from serveoff.analyse.entries import Entry
from serveoff.analyse.point_estimates import measure
from serveoff.analyse.server_signals import Told, told
from serveoff.analyse.slice_rows import RunRows
from serveoff.analyse.stored_once import EndpointName
from serveoff.loadtests.loads import closed
from serveoff.loadtests.recording.windows import Window


@dataclass(frozen=True)
class Breakdown:
    """Where one endpoint's time goes with one caller: means in seconds a request. None: its server does not say.

    Parts sum to `whole_s`, the mean latency that the client measured, within `error_s`.
    """

    endpoint: EndpointName
    whole_s: float
    samples: int
    encode_s: float | None
    """What the client took to encode a request, before the clock started: in no latency, and in no sum."""
    floor_s: float | None
    """The mean of the same format called in process."""
    overhead_s: float | None = None
    """Outside the server's own clock: the wire, and the server before that starts and after it stops."""
    queue_s: float | None = None
    parse_s: float | None = None
    inference_s: float | None = None
    serialise_s: float | None = None
    rest_s: float = 0.0
    """Unattributed: the server's own clock has it, and none of its parts; or nothing is known of it."""
    parse_holds_serialise: bool = False
    """The server tells the two as one; `serialise_s` is None."""
    told: int = 0
    """How many requests the server's means are of, at least; 0: it says nothing."""
    error_s: float = 0.0
    """The server's requests are not quite the client's, and its figures are rounded: by so much the sum may be off."""
    beyond_s: float = 0.0
    """By how much the server's own times exceed what should hold them; above zero they are not to be believed."""

    @property
    def parts_s(self) -> dict[str, float]:
        """What is known, by part, the model first."""
        names = ("inference", "parse", "serialise", "queue", "rest", "overhead")
        values = {name: getattr(self, f"{name}_s") for name in names}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def sum_s(self) -> float:
        """The parts together."""
        return sum(self.parts_s.values())


ONE_CALLER: Final = closed(1)
TOLERANCE: Final = 0.01
"""A server's own times may exceed what holds them by this share and the stated error; by more, they are refused."""


def study(entries: Sequence[Entry], rows: RunRows) -> tuple[Breakdown, ...]:
    """Every contender, stand-in and null service whose point of one caller is VALID, in the entries' order.

    Empty where no server said anything.
    """
    floors = {e.result.format: _mean_s(e, rows)[0] for e in entries if e.role == "floor" and _valid(e)}
    shown = [entry for entry in entries if entry.role in ("contender", "stand-in", "null") and _valid(entry)]
    found = tuple(_breakdown(entry, floors.get(entry.result.format), rows) for entry in shown)
    return found if any(breakdown.told for breakdown in found) else ()


def _valid(entry: Entry) -> bool:
    point = entry.at(1)
    return point is not None and point.valid and point.samples > 0


def _breakdown(entry: Entry, floor_s: float | None, rows: RunRows) -> Breakdown:
    whole_s, samples = _mean_s(entry, rows)
    windows = entry.result.windows_of(ONE_CALLER)
    said = told(entry.result, windows)
    blank = Breakdown(entry.name, whole_s, samples, _encode_s(windows), floor_s)
    if said is None:
        return replace(blank, rest_s=whole_s)
    return _apportion(replace(blank, told=said.requests), said)


def _apportion(blank: Breakdown, said: Told) -> Breakdown:
    """Share the whole out. Where a server does not give its total, all but its parts is unattributed."""
    whole_s, parts_s = blank.whole_s, sum(said.parts_s.values())
    error_s = said.error_s(blank.samples)
    inside_s = whole_s if said.total_s is None else said.total_s
    beyond = max(inside_s - whole_s, parts_s - inside_s)
    outside_s = None if said.total_s is None else max(0.0, whole_s - said.total_s)
    return replace(
        blank,
        overhead_s=outside_s,
        queue_s=said.parts_s.get("queue"),
        parse_s=said.parts_s.get("parse"),
        inference_s=said.parts_s.get("inference"),
        serialise_s=said.parts_s.get("serialise"),
        rest_s=max(0.0, inside_s - parts_s),
        parse_holds_serialise=not said.apart,
        error_s=error_s,
        beyond_s=beyond if beyond > error_s + TOLERANCE * whole_s else 0.0,
    )


def _mean_s(entry: Entry, rows: RunRows) -> tuple[float, int]:
    """The mean latency of the answered requests of one caller, over all rounds, and their number."""
    latency_s = measure(entry.result, ONE_CALLER, rows).latency_s
    return float(latency_s.mean()), latency_s.size


def _encode_s(windows: Sequence[Window]) -> float | None:
    """The client takes its median over the requests that it makes for a visit; this is the mean over visits."""
    known = [window.encode_s for window in windows if window.encode_s is not None]
    return fmean(known) if known else None
