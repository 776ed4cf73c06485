"""How a verdict follows from exhibits: the same steps for every claim.

Each exhibit that decides speaks for the claim, against it, or leaves it open; so does a contrast with an INVALID point.
The rule is symmetric, and the same for each part of a claim, a framework for instance, and for the whole: evidence on
both sides is mixed; else anything open leaves it undecided; else all for it is confirmed, and all against it refuted. A
claim with a part that was not measured is not measured, unless it is mixed already.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.stored_once import EndpointName
from serveoff.analyse.verdict import Outcome
from serveoff.loadtests.loads import Load

ClaimVerdict = Literal[
    "confirmed",
    "refuted",
    "mixed",
    "undecided",
    "not measured",
    "true by construction",
    "not a performance claim",
]

Voice = Literal["for", "against", "open", ""]
"""What a piece of evidence says of a claim, by the claim's rule; empty where it does not decide."""


@dataclass(frozen=True)
class Exhibit:
    """One piece of evidence for a claim: two endpoints compared, a figure, a fact in words, or a test that shows it."""

    group: str
    """What it speaks for: a framework, or a part of the claim."""
    shows: str = ""
    """What it shows; empty where `mine` and `other` say it."""
    mine: EndpointName | Literal[""] = ""
    other: EndpointName | Literal[""] = ""
    """Endpoints: `mine` is so many times better than `other`."""
    load: Load | None = None
    other_load: Load | None = None
    """None: the same."""
    metric: str = ""
    """`p50` or `throughput` of endpoints; else what the figure is of."""
    figure: Estimate | None = None
    unit: Literal["times", "seconds", "bytes", "lines", "error"] = "times"
    outcome: Outcome | Literal[""] = ""
    speaks: Voice = ""
    leads: bool = False
    """It stands for its group in the claim's sentence."""
    check: str = ""
    """`file::function` of the check that the run made."""


@dataclass(frozen=True)
class Part:
    """What the evidence says of one part of a claim: of one framework, for instance."""

    group: str
    verdict: ClaimVerdict
    equal: bool = False
    """All that decides it is tied."""


@dataclass(frozen=True)
class Ruling:
    """What one claim's module found."""

    verdict: ClaimVerdict
    reason: str = ""
    """What the parts' verdicts leave unsaid."""
    exhibits: tuple[Exhibit, ...] = ()
    parts: tuple[Part, ...] = ()
    scope: str = ""
    """What of the claim is judged, where it is not the whole."""
    evidence: tuple[Exhibit, ...] = ()
    """Static graphs against dynamic forms, all that was compared: of the first claim only."""
    lacking: bool = False
    """Something that the rule asks for was not measured."""


@dataclass(frozen=True, kw_only=True)
class Claim(Ruling):
    """One claim of the article and what this run says of it."""

    id: str
    text: str
    rule: str
    """How the verdict follows from the exhibits; written down before any run."""
    measure: str = ""
    """The command that would measure what is missing."""


FASTER: Final[Mapping[Outcome, Voice]] = {"faster": "for", "slower": "against", "tied": "against"}
"""The claim says that `mine` is better."""
NO_SLOWER: Final[Mapping[Outcome, Voice]] = {"faster": "for", "tied": "for", "slower": "against"}
"""The claim holds as long as `mine` is not worse."""


def heard(exhibit: Exhibit, voices: Mapping[Outcome, Voice]) -> Exhibit:
    """The exhibit, as one that decides: what no outcome in `voices` says is open."""
    return replace(exhibit, speaks=voices.get(exhibit.outcome, "open") if exhibit.outcome else "open")


def rule(exhibits: Sequence[Exhibit], needed: Sequence[str] = ()) -> Ruling:
    """The verdict on the exhibits that decide, in parts by their groups; those in `needed` must be among them."""
    deciding = [exhibit for exhibit in exhibits if exhibit.speaks]
    groups = dict.fromkeys((*needed, *(exhibit.group for exhibit in deciding)))
    parts = tuple(_part(group, [e for e in deciding if e.group == group]) for group in groups)
    lacking = not deciding or any(part.verdict == "not measured" for part in parts)
    if not deciding:
        return Ruling("not measured", exhibits=tuple(exhibits), lacking=lacking)
    return Ruling(together(parts), exhibits=_led(exhibits, deciding), lacking=lacking, parts=parts)


def beside(exhibits: Iterable[Exhibit], reason: str = "") -> Ruling:
    """A claim that no figure can decide; its sentence shows the contrasts beside it."""
    shown = tuple(replace(e, leads=bool(e.other and e.figure)) for e in exhibits)
    return Ruling("not a performance claim", reason, shown, lacking=not any(e.leads for e in shown))


def verdict(voices: Iterable[str]) -> ClaimVerdict:
    """What several voices say together: see the module's docstring."""
    heard = set(voices)
    if {"for", "against"} <= heard:
        return "mixed"
    if "open" in heard:
        return "undecided"
    return "confirmed" if heard == {"for"} else "refuted" if heard else "not measured"


def together(parts: Iterable[Part]) -> ClaimVerdict:
    """The verdict on a whole claim from those on its parts."""
    verdicts = {part.verdict for part in parts}
    if "mixed" in verdicts or {"confirmed", "refuted"} <= verdicts:
        return "mixed"
    unsettled: tuple[ClaimVerdict, ...] = ("not measured", "undecided")
    return next((v for v in unsettled if v in verdicts), "confirmed" if "confirmed" in verdicts else "refuted")


def _part(group: str, deciding: Sequence[Exhibit]) -> Part:
    equal = bool(deciding) and all(exhibit.outcome == "tied" for exhibit in deciding)
    return Part(group, verdict(exhibit.speaks for exhibit in deciding), equal)


def _led(exhibits: Sequence[Exhibit], deciding: Sequence[Exhibit]) -> tuple[Exhibit, ...]:
    """Of each group, the deciding contrast that says least for the claim stands for it."""
    leaders: dict[str, Exhibit] = {}
    for exhibit in sorted(deciding, key=lambda e: (e.figure and e.figure.value) or 0.0):
        if exhibit.other and exhibit.figure and exhibit.figure.value is not None:
            leaders.setdefault(exhibit.group, exhibit)
    return tuple(replace(e, leads=any(e is leader for leader in leaders.values())) for e in exhibits)
