"""Commands on deployments: `serveoff list` and `serveoff serve`."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from serveoff.cli.parameters import Model
from serveoff.cli.terminal import console
from serveoff.measure.artifacts import check_name, missing_formats, notes, provide
from serveoff.measure.run_lifecycle import registry_for
from serveoff.models.jobs.terminal import Terminal


def list_deployments(model: Model = "digits_cnn") -> None:
    """List deployments and their endpoints, the formats that the model does not have, and what its import noted."""
    check_name(model)
    missing = missing_formats(model)
    table = Table("deployment", "server", "format", "endpoints", box=None, header_style="bold")
    for deployment in registry_for(model):
        names = "  ".join(endpoint.name for endpoint in deployment.endpoints)
        reason = missing.get(deployment.format)
        last = f"none: {escape(reason)}" if reason else names
        table.add_row(deployment.name, deployment.server, deployment.format, last)
    Terminal().print(table)
    for note in notes(model):
        Terminal().print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)


def serve(
    deployment: Annotated[str, typer.Argument(help="A deployment, as `serveoff list` names it.")],
    model: Model = "digits_cnn",
    rest_port: Annotated[
        int, typer.Option(min=0, max=65535, help="REST port; 0: the one that docker-compose.yml publishes.")
    ] = 0,
    grpc_port: Annotated[
        int, typer.Option(min=0, max=65535, help="gRPC port; 0: the one that docker-compose.yml publishes.")
    ] = 0,
) -> None:
    """Serve one deployment on 127.0.0.1, in the foreground, for your own client or Locust. Ctrl-C ends it."""
    from serveoff.measure.serve_forever import servable, serve_forever

    check_name(model)
    found = servable(deployment, model)
    provide(model)
    wanted = {name: port for name, port in (("rest", rest_port), ("grpc", grpc_port)) if port}
    serve_forever(found, model, wanted, console)
