"""How a verdict follows from exhibits: the same steps for every claim.

Each exhibit that decides speaks for the claim, against it, or leaves it open. All for it: confirmed. All against it:
refuted. Some for it and others not: mixed. None for it and some open: inconclusive. None at all: not measured. A
contrast that was measured and has a point that does not count is open. Where a claim is of several things, frameworks
for instance, and one of them was not measured, it is inconclusive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from serveoff.analyse.contrasts import Contrast
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import Outcome
from serveoff.loadtests.loads import Load

ClaimVerdict = Literal["confirmed", "refuted", "mixed", "inconclusive", "not measured"]

Voice = Literal["for", "against", "open", ""]
"""What a piece of evidence says of a claim, by the claim's rule; empty where it does not decide."""


@dataclass(frozen=True)
class Exhibit:
    """One piece of evidence for a claim: two endpoints compared, a figure, a fact in words, or a test that shows it."""

    group: str
    """What it speaks for: a framework, or a part of the claim."""
    words: str = ""
    """What was seen; empty where `mine` and `other` say it."""
    mine: str = ""
    other: str = ""
    """Endpoints: `mine` is so many times better than `other`."""
    load: Load | None = None
    other_load: Load | None = None
    """None: the same."""
    metric: str = ""
    """`p50` or `throughput` of endpoints; else what the figure is of."""
    figure: Estimate | None = None
    unit: Literal["times", "bytes", "lines", "error"] = "times"
    outcome: Outcome | Literal[""] = ""
    speaks: Voice = ""
    leads: bool = False
    """It stands for its group in the table of claims."""
    test: str = ""
    """`file::function` of the test that shows it."""


@dataclass(frozen=True)
class Claim:
    """One claim of the article and what this run says of it."""

    id: str
    text: str
    verdict: ClaimVerdict
    evidence: tuple[Contrast, ...] = ()
    """Static graphs against dynamic forms: of the first claim only."""
    exhibits: tuple[Exhibit, ...] = ()
    rule: str = ""
    """How the verdict follows from the exhibits; written down before any run."""
    reason: str = ""
    """What the rule found."""
    measure: str = ""
    """The command that would measure what is missing."""


FASTER: Final[Mapping[Outcome, Voice]] = {"faster": "for", "slower": "against", "tied": "against"}
"""The claim says that `mine` is better."""
NO_SLOWER: Final[Mapping[Outcome, Voice]] = {"faster": "for", "tied": "for", "slower": "against"}
"""The claim holds as long as `mine` is not worse."""
DIFFERENT: Final[Mapping[Outcome, Voice]] = {"faster": "for", "slower": "for", "tied": "against"}
"""The claim says that there is a difference."""


@dataclass(frozen=True)
class Ruling:
    """What one claim's module found. `lacking`: something that the rule asks for was not measured."""

    verdict: ClaimVerdict
    reason: str
    exhibits: tuple[Exhibit, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    lacking: bool = False


def heard(exhibit: Exhibit, voices: Mapping[Outcome, Voice]) -> Exhibit:
    """The exhibit, as one that decides: what no outcome in `voices` says is open."""
    return replace(exhibit, speaks=voices.get(exhibit.outcome, "open") if exhibit.outcome else "open")


def rule(exhibits: Sequence[Exhibit], needed: Collection[str] = ()) -> Ruling:
    """The verdict on the exhibits that decide; `needed` are groups of which each must be among them."""
    deciding = [exhibit for exhibit in exhibits if exhibit.speaks]
    if not deciding:
        return Ruling("not measured", "This run holds nothing that decides it.", tuple(exhibits), lacking=True)
    led = tuple(_led(exhibits, deciding))
    missing = [group for group in needed if group not in {exhibit.group for exhibit in deciding}]
    if missing:
        reason = f"Nothing that counts was measured for {' and '.join(missing)}. {counted(deciding)}"
        return Ruling("inconclusive", reason, led, lacking=True)
    return Ruling(verdict(exhibit.speaks for exhibit in deciding), counted(deciding), led)


def verdict(voices: Iterable[str]) -> ClaimVerdict:
    """What several voices say together: see the module's docstring."""
    heard = set(voices)
    if not heard:
        return "not measured"
    if heard == {"for"}:
        return "confirmed"
    if heard == {"against"}:
        return "refuted"
    return "mixed" if "for" in heard else "inconclusive"


def counted(deciding: Sequence[Exhibit]) -> str:
    """How many speak for it, how many against it, and how many leave it open."""
    counts = {voice: sum(e.speaks == voice for e in deciding) for voice in ("for", "against", "open")}
    said = {"for": "for it", "against": "against it", "open": "undecided"}
    parts = [f"{number} {said[voice]}" for voice, number in counts.items() if number]
    return f"Deciding {'contrasts' if all(e.other for e in deciding) else 'findings'}: {', '.join(parts)}."


def _led(exhibits: Sequence[Exhibit], deciding: Sequence[Exhibit]) -> Iterable[Exhibit]:
    """Of each group, the deciding figure that says least for the claim stands for it in the table."""
    leaders: dict[str, Exhibit] = {}
    for exhibit in sorted(deciding, key=_favour):
        if exhibit.figure and exhibit.figure.value is not None and exhibit.unit in ("times", "error"):
            leaders.setdefault(exhibit.group, exhibit)
    return (replace(e, leads=any(e is leader for leader in leaders.values())) for e in exhibits)


def _favour(exhibit: Exhibit) -> float:
    """Ratios speak for a claim the more the larger they are, errors the smaller."""
    value = (exhibit.figure and exhibit.figure.value) or 0.0
    return -value if exhibit.unit == "error" else value
