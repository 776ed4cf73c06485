"""`serveoff load-worker`."""

import os
from typing import Annotated

import typer

from serveoff.measure.runtimes.host_client import LOCUSTFILE, without_settings
from serveoff.models.isolation import isolated


def load_worker(
    master_host: Annotated[str, typer.Option(help="Address of the run: its --master-bind-host.")] = "127.0.0.1",
    master_port: Annotated[int, typer.Option(min=1, max=65535, help="And its --master-bind-port.")] = 5557,
) -> None:
    """Send load for a run on another host: serveoff run --expect-workers N. Ends with the run."""
    where = ("--master-host", master_host, "--master-port", str(master_port))
    command = isolated("locust", "-f", str(LOCUSTFILE), "--worker", *where)
    ours = LOCUSTFILE.parent
    os.chdir(ours)  # a locust.conf or pyproject.toml of the user's is not read
    os.execve(command[0], command, without_settings(ours))
