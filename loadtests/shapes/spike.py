"""A sudden crowd, to see what it does to latency and how soon that is over."""

from __future__ import annotations

CALM = 0.1
"""The share of users before and after."""
BEGIN, END = 0.4, 0.6
"""Shares of the run time between which all users run."""

RUN_TIME_S = 60.0
"""Without `--run-time`."""


def users(share: float, most: int) -> int:
    """Few users, all of them for the middle fifth, few again."""
    return most if BEGIN <= share < END else max(1, round(CALM * most))
