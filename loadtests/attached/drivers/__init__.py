"""Connections to attached endpoints, a module for each protocol, found by its name."""

import importlib
from typing import Any

from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.endpoints import Target


def driver_of(target: Target, exchange: Exchange) -> Any:
    """What the load generator drives the endpoint with (serveoff.loadtests.generator.generator.Driver)."""
    return importlib.import_module(f"{__name__}.{target.protocol}").Driver(target, exchange)
