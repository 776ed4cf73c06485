"""A run's verdict at a glance: who wins on latency and throughput, and how many points count."""

from __future__ import annotations

from dataclasses import dataclass

from serveoff.analyse.comparison import Comparison
from serveoff.report.phrases.numbers import UNITS
from serveoff.report.sections.sentences import OBJECTIVES, about, find, headline, verdict_word

OBJECTIVES_SHOWN = ("latency", "throughput")


@dataclass(frozen=True)
class Winner:
    """One objective's winner, as text."""

    title: str
    about: str
    what: str
    server: str
    family: str
    figure: str
    unit: str
    outcome: str
    margin: str


@dataclass(frozen=True)
class Glance:
    """What the list says of a run. Points are those of every endpoint, the floors' and the null service's too."""

    winners: tuple[Winner, ...]
    valid: int
    invalid: int
    unavailable: int


def glance(comparison: Comparison) -> Glance:
    """Made from the computed comparison, in the report's own words."""
    invalid = len(comparison.invalid)
    winners = [_winner(comparison, objective) for objective in OBJECTIVES_SHOWN]
    return Glance(
        tuple(w for w in winners if w), len(comparison.points) - invalid, invalid, len(comparison.unavailable)
    )


def _winner(comparison: Comparison, objective: str) -> Winner | None:
    answer = find(comparison, objective)
    if answer is None or answer.winner.estimate.value is None:
        return None
    text, unit = UNITS[objective]
    what, server, family = headline(comparison, answer)
    return Winner(
        OBJECTIVES[objective].title,
        about(comparison, answer),
        what,
        server,
        family,
        text(answer.winner.estimate.value),
        unit,
        answer.outcome,
        verdict_word(answer),
    )
