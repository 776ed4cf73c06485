"""The article's claims, one module each, found by its name: `c01_static_graphs` is C1.

A module's docstring begins with the claim in the article's words and holds the rule of its verdict, in a paragraph
that begins with `Rule:`. Rules were fixed before any run was made, and rest on intervals that hold for all contrasts of
the claim together, never on point estimates.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from types import ModuleType
from typing import Final, Protocol, cast

from serveoff.analyse.claims.ruling import Ruling
from serveoff.analyse.comparison import Claim
from serveoff.analyse.winners import Evidenced
from serveoff.record.results import Suite

_NAME: Final = re.compile(r"c(\d\d)_\w+")
_RULE: Final = "Rule: "


class ClaimModule(Protocol):
    """What the module of one claim offers beside its docstring."""

    MEASURE: str
    """What to add to a run that lacks its evidence."""

    def study(self, evidence: Evidenced, suite: Suite) -> Ruling:
        """Judge the claim by one run."""


def study(evidence: Evidenced, suite: Suite) -> tuple[Claim, ...]:
    """Every claim, in the article's order."""
    return tuple(_judged(module, evidence, suite) for module in modules())


def modules() -> list[ModuleType]:
    """The modules of the claims, in order."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__) if _NAME.fullmatch(info.name))
    return [importlib.import_module(f"{__name__}.{name}") for name in names]


def claim_id(module: ModuleType) -> str:
    """`C1` of `c01_static_graphs`."""
    return f"C{int(module.__name__.rpartition('.')[2][1:3])}"


def text_of(module: ModuleType) -> str:
    """The claim, from the first line of its docstring."""
    return _paragraphs(module)[0].rstrip(".")


def rule_of(module: ModuleType) -> str:
    """The rule of the verdict, from the docstring."""
    return next(p for p in _paragraphs(module) if p.startswith(_RULE)).removeprefix(_RULE)


def _judged(module: ModuleType, evidence: Evidenced, suite: Suite) -> Claim:
    found = cast(ClaimModule, module).study(evidence, suite)
    return Claim(
        id=claim_id(module),
        text=text_of(module),
        verdict=found.verdict,
        evidence=found.contrasts,
        exhibits=found.exhibits,
        rule=rule_of(module),
        reason=found.reason,
        measure=cast(ClaimModule, module).MEASURE if found.lacking else "",
    )


def _paragraphs(module: ModuleType) -> list[str]:
    return [" ".join(p.split()) for p in inspect.cleandoc(module.__doc__ or "").split("\n\n")]
