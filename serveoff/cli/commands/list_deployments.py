"""`serveoff list`."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from serveoff.cli.parameters import Model
from serveoff.measure import run_lifecycle
from serveoff.measure.artifacts import check_name, missing_formats


def list_deployments(model: Model = "digits_cnn") -> None:
    """List deployments and their endpoints, and the formats that the model does not have."""
    check_name(model)
    missing = missing_formats(model)
    table = Table("deployment", "server", "format", "endpoints", box=None, header_style="bold")
    for deployment in run_lifecycle.registry_for(model):
        names = "  ".join(endpoint.name for endpoint in deployment.endpoints)
        reason = missing.get(deployment.format)
        last = f"none: {escape(reason)}" if reason else names
        table.add_row(deployment.name, deployment.server, deployment.format, last)
    Console().print(table)
