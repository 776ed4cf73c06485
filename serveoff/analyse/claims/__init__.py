"""The article's claims, one module each, found by its name: `c01_static_graphs` is C1.

A module has the claim in the article's words (`CLAIM`) and the rule of its verdict (`RULE`). Rules were fixed before
any run was made, and rest on intervals that hold for all contrasts of the claim together, never on point estimates.
A stand-in decides nothing.
"""

import importlib
import pkgutil
import re
from types import ModuleType
from typing import Final, Protocol, cast

from serveoff.analyse.claims.ruling import Claim, Ruling
from serveoff.analyse.evidence import Evidence
from serveoff.record.suite import Suite

_NAME: Final = re.compile(r"c(\d\d)_\w+")


class ClaimModule(Protocol):
    """What the module of one claim offers."""

    CLAIM: str
    """In the article's words, without a full stop."""
    RULE: str
    """When it counts as confirmed, and when as refuted."""
    MEASURE: str
    """What to add to a run that lacks its evidence."""

    def study(self, evidence: Evidence, suite: Suite) -> Ruling:
        """Judge the claim by one run."""


def study(evidence: Evidence, suite: Suite) -> tuple[Claim, ...]:
    """Every claim, in the article's order."""
    return tuple(_judged(module, evidence, suite) for module in modules())


def modules() -> list[ModuleType]:
    """The modules of the claims, in order."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__) if _NAME.fullmatch(info.name))
    return [importlib.import_module(f"{__name__}.{name}") for name in names]


def _judged(module: ModuleType, evidence: Evidence, suite: Suite) -> Claim:
    claim = cast(ClaimModule, module)
    found = claim.study(evidence, suite)
    number = int(module.__name__.rpartition(".")[2][1:3])  # of `c01_static_graphs`
    measure = claim.MEASURE if found.lacking else ""
    return Claim(**vars(found), id=f"C{number}", text=claim.CLAIM, rule=claim.RULE, measure=measure)
