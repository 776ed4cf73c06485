"""When a run may end before its last round: once it is clear who wins on latency, throughput and cost.

Who looks at the answers after every round, and stops at the first difference, sees differences between equal endpoints
more often than 5 times in 100 (Armitage, McPherson and Rowe, *Repeated Significance Tests on Accumulating Data*, 1969).
So the intervals of such a run hold for all its looks together, whether or not it stops, by Bonferroni's inequality: the
level of each look is the whole level over their number. That is a little wider than Pocock's equal bounds (*Biometrika*
1977), 2.24 against 2.18 standard errors for two looks and 2.50 against 2.36 for four, and asks for neither normal
increments nor a known variance, which two or three rounds could not promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from comparison.analysis import answers_so_far
from comparison.outcome import Answer

DECIDING: Final = ("latency", "throughput", "cost")
DECIDED: Final = ("better", "tie", "unopposed")


def clear(answers: Sequence[Answer]) -> str:
    """What each deciding answer over all contenders came to; nothing while one is open."""
    outcomes = {a.objective: a.outcome for a in answers if a.scope == "all"}
    if any(outcomes.get(objective) not in DECIDED for objective in DECIDING):
        return ""
    said = {"better": "a clear winner", "tie": "a tie", "unopposed": "one candidate"}
    return ", ".join(f"{objective}: {said[outcomes[objective]]}" for objective in DECIDING)


def reason_to_stop(folder: Path, round_: int, rounds: int) -> str:
    """`after round 2 of 3: latency: ...` where the run in `folder` is clear by now; else nothing."""
    found = clear(answers_so_far(folder))
    return f"after round {round_} of {rounds}: {found}" if found else ""
