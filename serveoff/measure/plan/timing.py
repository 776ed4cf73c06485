"""How long a slice is: long enough for its answers, and for its switch to cost little."""

from dataclasses import dataclass
from typing import Final

from serveoff.loadtests.loads import Load
from serveoff.measure.plan.loads import SIDE, Asked
from serveoff.record.settings import RunSettings

LEAD_IN_ANSWERS: Final = 2
ANSWERS: Final = 10
SIDE_ANSWERS: Final = 20
"""Of a load that few rounds have."""
ENOUGH: Final = 45
"""Answers of one point: without a p90, which takes 36 of them (serveoff.analyse.statistics), it does not count."""
SWITCH_SHARE: Final = 1 / 5
"""Of a slice's time, at most, for thaw, lead-in and freeze; of slow endpoints more, or no round would end."""
LONGEST_FOR_SWITCH_S: Final = 2.0
LONGEST_S: Final = 20.0
"""No slice is stretched beyond it: what is longer was asked for."""
TIMEOUT_S: Final = 10.0
PATIENCE: Final = 4
"""A request may take so many times longer than it should."""


@dataclass(frozen=True)
class Timing:
    """Seconds of one slice."""

    lead_in_s: float
    duration_s: float
    timeout_s: float

    @property
    def total_s(self) -> float:
        """Without the switch."""
        return self.lead_in_s + self.duration_s


def timing(asked: Asked, answer_s: float, switch_s: float, settings: RunSettings) -> Timing:
    """Of an endpoint that answers within `answer_s` under this load, where thaw and freeze take `switch_s`."""
    lead_in_s = max(settings.lead_in_s, LEAD_IN_ANSWERS * answer_s)
    for_switch_s = (1 / SWITCH_SHARE - 1) * (lead_in_s + switch_s)
    answers = SIDE_ANSWERS if asked.every >= SIDE else ANSWERS
    if settings.rounds is not None:
        answers = max(answers, ENOUGH // -(-settings.rounds // asked.every) + 1)
    for_answers_s = answers * answer_s / asked.load.concurrency
    duration_s = max(settings.slice_s, min(for_switch_s, LONGEST_FOR_SWITCH_S), for_answers_s)
    longest_s = max(LONGEST_S, settings.slice_s)
    return Timing(min(lead_in_s, LONGEST_S), min(duration_s, longest_s), timeout_s(answer_s))


def timeout_s(answer_s: float) -> float:
    """Seconds after which a request failed."""
    return max(TIMEOUT_S, PATIENCE * answer_s)


def expected_s(load: Load, gate_answer_s: float | None) -> float:
    """How long an answer should take under a load of which nothing is known, by one answer at the gate: they queue."""
    return (gate_answer_s or 0.0) * load.concurrency * load.batch
