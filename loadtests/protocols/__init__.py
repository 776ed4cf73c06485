"""How a user talks to an endpoint: one module per protocol with one user class, found by its name."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from serveoff.loadtests.protocols.framing import FRAMES

if TYPE_CHECKING:
    from serveoff.loadtests.users import PredictUser


def user_class(protocol: str) -> type[PredictUser]:
    """`RestUser` of `serveoff.loadtests.protocols.rest` for `rest`, and so on."""
    module = importlib.import_module(f"{__name__}.{protocol}")
    return cast("type[PredictUser]", getattr(module, f"{protocol.capitalize()}User"))


def user_classes() -> list[type[PredictUser]]:
    """The user classes of all protocols there are."""
    return [user_class(protocol) for protocol in FRAMES]
