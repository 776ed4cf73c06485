"""`serveoff serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from serveoff.cli.parameters import Model
from serveoff.cli.terminal import console
from serveoff.measure.artifacts import check_name, provide


def serve(
    deployment: Annotated[str, typer.Argument(help="A deployment, as `serveoff list` names it.")],
    model: Model = "digits_cnn",
    rest_port: Annotated[int, typer.Option(help="REST port; 0: the one that docker-compose.yml publishes.")] = 0,
    grpc_port: Annotated[int, typer.Option(help="gRPC port; 0: the one that docker-compose.yml publishes.")] = 0,
) -> None:
    """Serve one deployment on 127.0.0.1, in the foreground, for your own client or Locust. Ctrl-C ends it."""
    from serveoff.measure.serve_forever import servable, serve_forever

    check_name(model)
    found = servable(deployment, model)
    provide(model)
    wanted = {name: port for name, port in (("rest", rest_port), ("grpc", grpc_port)) if port}
    serve_forever(found, model, wanted, console)
