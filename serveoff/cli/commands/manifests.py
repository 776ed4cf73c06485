"""`serveoff manifests`: what runs here, for where it shall run."""

from pathlib import Path
from typing import Annotated

import typer

from serveoff.cli.terminal import console

manifests = typer.Typer(help="Write the deployments of the registry as a cluster's manifests.", no_args_is_help=True)


@manifests.callback()
def _group() -> None:
    """Keeps the name of the cluster's kind a command of its own while there is one."""


@manifests.command()
def kubernetes(
    model: Annotated[str, typer.Argument(help="A model of models/zoo/, or your own: serveoff import.")],
    deployments: Annotated[
        list[str] | None,
        typer.Argument(help="Deployments, by name or pattern: 'flask-*'. All that a run measures, if none is named."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder to write: base/, and kserve/ for the winner.")] = Path(
        "manifests"
    ),
    winner: Annotated[
        str, typer.Option(help="A run (its id, its folder or latest) or a deployment: also for KServe.")
    ] = "",
    image_prefix: Annotated[
        str, typer.Option(help="The registry that our images are pulled from: registry.example.com/team.")
    ] = "",
) -> None:
    """Write a kustomize base: every server, the Job that compares them from inside, Locust, and the claims.

    Nothing is sent to a cluster: `kubectl apply -k manifests/base` does that. docs/kubernetes.md has the steps.
    """
    from serveoff.cli.manifests import write_kubernetes

    for line in write_kubernetes(model, deployments or (), out, winner, image_prefix):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
