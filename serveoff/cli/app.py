"""The command line: its commands, in the order of its help, and its exit codes."""

from __future__ import annotations

import os
import sys

import typer

from serveoff.cli.commands.baseline import baseline
from serveoff.cli.commands.compare import compare
from serveoff.cli.commands.export import export
from serveoff.cli.commands.import_model import import_model
from serveoff.cli.commands.list_deployments import list_deployments
from serveoff.cli.commands.report import report
from serveoff.cli.commands.run import run
from serveoff.cli.commands.runs import runs
from serveoff.cli.commands.serve import serve
from serveoff.cli.commands.show import show
from serveoff.cli.commands.summary import summary
from serveoff.cli.commands.verify import verify
from serveoff.cli.terminal import fail
from serveoff.errors import ExitCode, ServeoffError
from serveoff.interrupts import interruptible
from serveoff.services.compose_variables import variables
from serveoff.services.registry import RegistryError

app = typer.Typer(
    name="serveoff",
    help="Export one trained model, serve it in every way, load-test each fairly, and recommend one.",
    epilog="Start with: serveoff run --profile quick   (it exports the model first)",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(export)
app.command()(verify)
app.command("import")(import_model)
app.command("list")(list_deployments)
for _command in (serve, run, show, report, compare, summary, baseline, runs):
    app.command()(_command)


def main() -> None:
    """Run the command line; every failure a user can act on becomes one message and its own exit code."""
    try:
        with interruptible():
            # What `.env` says holds for every option that has a variable, as it does for Compose.
            os.environ.update(variables())
            app(prog_name="serveoff")
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED:
            # An interrupt that struck inside `exec`, in some import, would otherwise end us by SIGINT (CPython 3.11).
            sys.stdout.flush()
            os._exit(ExitCode.INTERRUPTED)
        raise
    except RegistryError as error:
        fail(str(error), "", ExitCode.REGISTRY)
    except ServeoffError as error:
        if error.told:
            sys.exit(error.exit_code)
        fail(str(error), error.hint, error.exit_code)
