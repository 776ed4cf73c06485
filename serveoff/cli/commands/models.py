"""Commands on models: `serveoff export`, `verify` and `import`."""

from typing import Annotated

import typer

from serveoff.cli.import_options import ImportOptions, request_of
from serveoff.cli.parameters import Model, of_fields
from serveoff.cli.terminal import console
from serveoff.errors import ArtifactFailure
from serveoff.measure.artifacts import check_name, run_models
from serveoff.measure.leftovers import remove_leftovers
from serveoff.models.importing.errors import ImportFailed


def export(
    model: Model = "digits_cnn",
    force: Annotated[bool, typer.Option(help="Export even if nothing has changed.")] = False,
) -> None:
    """Train the model and export it to every format, unless nothing has changed."""
    remove_leftovers(console)
    run_models("export", model, *(["--force"] if force else []))


def verify(model: Model = "digits_cnn") -> None:
    """Check every artifact against the golden outputs, each in a fresh process."""
    check_name(model)
    run_models("verify", model)


@of_fields(ImportOptions)
def import_model(asked: ImportOptions) -> None:
    """Bring your own model: convert it to every format it can have, and check each against the model's own answers."""
    try:
        request = request_of(asked)
    except ImportFailed as error:
        raise ArtifactFailure(error.problem.text, error.problem.advice) from None
    remove_leftovers(console)
    run_models("import", request.model_dump_json())
