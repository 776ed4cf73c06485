"""Whether runs may stand in one summary: the same machine, profile and settings, and one run per model."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from serveoff.errors import UsageError
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite

OWN: Final = ("model", "endpoints", "seed")
"""What may differ from run to run without a word: none of it changes what one request of an endpoint costs."""


def check(suites: Sequence[Suite], mixed: bool) -> None:
    """UsageError for two runs of one model, and, unless `mixed`, for runs of different machines or settings."""
    often = [model for model, count in Counter(suite.settings.model for suite in suites).items() if count > 1]
    if often:
        ids = " and ".join(suite.run_id for suite in suites if suite.settings.model == often[0])
        raise UsageError(f"runs {ids} are of one model, {often[0]}", "name one run per model")
    if (found := differences(suites)) and not mixed:
        raise UsageError(
            f"the runs differ: {'; '.join(found)}",
            "measure them with `serveoff run --model a,b`, or add --mixed",
        )


def differences(suites: Sequence[Suite]) -> list[str]:
    """What differs, machine first, each in a few words with its values in the runs' order."""
    machines = [suite.environment.machine.id for suite in suites]
    named = {"machine": machines} | {
        name.replace("_", " "): [_text(getattr(suite.settings, name)) for suite in suites]
        for name in RunSettings.model_fields
        if name not in OWN
    }
    return [f"{name} {' / '.join(values)}" for name, values in named.items() if len(set(values)) > 1]


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return str(value) or "none"
