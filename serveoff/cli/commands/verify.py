"""`serveoff verify`."""

from __future__ import annotations

from serveoff.cli.parameters import Model
from serveoff.measure.artifacts import check_name, run_models


def verify(model: Model = "digits_cnn") -> None:
    """Check every artifact against the golden outputs, each in a fresh process."""
    check_name(model)
    run_models("verify", model)
