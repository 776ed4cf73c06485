"""The command line: its commands, in the order of its help, and its exit codes."""

import os
import sys

import typer

from serveoff.cli.commands.deployments import list_deployments, serve
from serveoff.cli.commands.finished_runs import baseline, compare, report, runs, show, summary
from serveoff.cli.commands.load_worker import load_worker
from serveoff.cli.commands.manifests import manifests
from serveoff.cli.commands.models import export, import_model, verify
from serveoff.cli.commands.run import run
from serveoff.cli.terminal import fail
from serveoff.errors import ExitCode, ServeoffError
from serveoff.models.isolation import fix_folders
from serveoff.models.jobs.terminal import Terminal
from serveoff.models.manifest import ArtifactError
from serveoff.record.reading import ResultsError
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
for _command in (serve, run, load_worker, show, report, compare, summary, baseline, runs):
    app.command()(_command)
app.add_typer(manifests, name="manifests")


def main() -> None:
    """Run the command line; every failure a user can act on becomes one message and its own exit code."""
    try:
        # What `.env` says holds for every option that has a variable, as it does for Compose.
        os.environ.update(variables())
        fix_folders()
        app(prog_name="serveoff")
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED:
            # An interrupt that struck inside `exec`, in some import, would otherwise end us by SIGINT (CPython 3.11).
            sys.stdout.flush()
            os._exit(ExitCode.INTERRUPTED)
        if Terminal.unsaid and not end.code:
            hint = "free some space, and give the command again: a run is kept, and `serveoff show` tells of it"
            fail(f"cannot write to the standard output: {Terminal.unsaid}", hint, ExitCode.UNWRITABLE)
        raise
    except ArtifactError as error:
        fail(error.text, error.remedy, ExitCode.ARTIFACT)
    except RegistryError as error:
        fail(str(error), "", ExitCode.REGISTRY)
    except ResultsError as error:
        fail(str(error), "", ExitCode.RESULTS)
    except ServeoffError as error:
        if error.told:
            sys.exit(error.exit_code)
        fail(str(error), error.hint, error.exit_code)
