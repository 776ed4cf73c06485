"""The verdict of `serveoff run --fail-if-slower` in words."""

from collections.abc import Sequence

from serveoff.analyse.canary import Canary, Judged
from serveoff.report.phrases.names import all_of


def verdict(canary: Canary) -> str:
    """`Failed: canary is slower than prod by more than 5%`, `Passed: ...`, `Undecided: ...`."""
    if canary.doubt or not canary.judged:
        return f"Failed: nothing can be compared with {canary.baseline}"
    slower = f"slower than {canary.baseline} by more than {canary.limit * 100:g}%"
    if canary.failed:
        said = [f"{_are(names)} {slower}" for names in [canary.of("slower")] if names]
        said += [_invalid(judged) for judged in canary.judged if judged.passing == "not ranked"]
        return f"Failed: {'; '.join(said)}"
    if names := canary.of("undecided"):
        return f"Undecided: this run cannot say whether {_are(names)} {slower}: give it more time (`--minutes`)"
    return f"Passed: {_are([judged.endpoint for judged in canary.judged])} not {slower}"


def _invalid(judged: Judged) -> str:
    every = all(check.passing == "not ranked" for check in judged.checks)
    return f"{judged.endpoint} has {'no VALID figure' if every else 'an INVALID figure'}"


def _are(names: Sequence[str]) -> str:
    return f"{all_of(names)} {'is' if len(names) == 1 else 'are'}"
