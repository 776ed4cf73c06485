"""What the command line's texts mean: lists of numbers, an objective, a profile with changes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from serveoff.errors import UsageError
from serveoff.measure.plan.plan import FIRST_WARMUP, PROFILES, Objective, Profile

_OBJECTIVE = re.compile(r"p(?P<percent>\d{1,2}(?:\.\d+)?):(?P<bound>\d+(?:\.\d+)?)(?P<unit>ms|s)")
MOST_OVERLOAD = 150
"""Percent of the closed loop's best rate: beyond it an open loop only grows a queue."""

MOST_BOUND_S = 5.0
"""A request is given up after 10 s: a bound near that could not be seen to fail."""


def profile_of(name: str, wanted: str | None = None, **changes: Any) -> Profile:
    """The profile of this name, with those of its fields changed that are not None; UsageError for no such profile.

    `wanted` is an objective, as text.
    """
    if name not in PROFILES:
        raise UsageError(f"no profile is called {name!r}", f"there are: {', '.join(PROFILES)}")
    base = PROFILES[name]
    changes["objective"] = objective(wanted, base.objective.probes or Objective().probes)
    given = {field: value for field, value in changes.items() if value is not None}
    if "rounds" in given:
        # Who names a number of rounds wants that many, unless they say otherwise.
        given.setdefault("until_clear", False)
    if "warmup_s" in given:
        given["first_warmup_s"] = FIRST_WARMUP * given["warmup_s"]
    if given.get("concurrencies") == ():
        raise UsageError("a closed loop needs at least one user", "write --concurrency 1,4,16")
    return replace(base, **given)


def numbers(text: str | None, most: int) -> tuple[int, ...] | None:
    """`1,4,16`, in order and without repetition; 0 alone is none; None stays None."""
    if text is None:
        return None
    try:
        found = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise UsageError(f"{text!r} is not a list of numbers", "write it as 1,4,16") from None
    if found == (0,):
        return ()
    if not 1 <= found[0] <= found[-1] <= most:
        raise UsageError(f"{text} is out of range", f"use 1 to {most}")
    return found


def shares(text: str | None) -> tuple[float, ...] | None:
    """Percents as shares of one."""
    found = numbers(text, MOST_OVERLOAD)
    return None if found is None else tuple(number / 100 for number in found)


def objective(text: str | None, probes: int) -> Objective | None:
    """`p99:10ms`, to be searched for by so many probes; or `none`, which is an objective without a search."""
    if text is None:
        return None
    if text == "none":
        return Objective(probes=0)
    found = _OBJECTIVE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no objective", "write it as p99:10ms or p95:0.5s, or none")
    bound_s = float(found["bound"]) / (1000 if found["unit"] == "ms" else 1)
    if not 0 < float(found["percent"]) < 100 or not 0 < bound_s <= MOST_BOUND_S:
        raise UsageError(f"{text!r} is out of range", f"use p1 to p99.9, and at most {MOST_BOUND_S:g} s")
    return Objective(round(float(found["percent"]) / 100, 6), bound_s, probes)
