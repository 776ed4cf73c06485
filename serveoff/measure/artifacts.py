"""Have a model in place, without importing a framework.

A model of the zoo is trained and exported by `python -m serveoff.models`. An imported one is only looked at: its files
must be the ones that its manifest names.
"""

from serveoff.errors import ArtifactFailure, ExitCode, NotWritten
from serveoff.measure.runtimes.processes import describe_exit, run_here
from serveoff.models import catalog
from serveoff.models.golden import GOLDEN_NAME
from serveoff.models.isolation import isolated
from serveoff.models.manifest import ArtifactError, Manifest, Missing, is_there, read_manifest, verify_artifact
from serveoff.models.quality.labelled import LABELLED_NAME
from serveoff.models.spec import model_dir
from serveoff.record.problems import Problem, RequestCode

INTERRUPT_GRACE_S = 10.0
NO_ARTIFACT = "the model's manifest names no such artifact"


def run_models(*arguments: str) -> None:
    """Run one command of `models` on this terminal; ArtifactFailure or NotWritten, told where it has said why."""
    code = run_here(isolated("serveoff.models", *arguments), INTERRUPT_GRACE_S)
    if code != 0:
        said = f"`python -m serveoff.models {' '.join(arguments)}` failed ({describe_exit(code)})"
        if code == ExitCode.UNWRITABLE:
            raise NotWritten(said, told=True)
        raise ArtifactFailure(said, told=code == ExitCode.ARTIFACT)


def check_name(model: str) -> None:
    """ArtifactFailure where there is no model of this name, with the names there are."""
    known = catalog.names()
    if model not in known:
        hint = f"there are: {', '.join(known)}; `serveoff import` brings your own"
        raise ArtifactFailure(f"there is no model {model!r}", hint)


def provide(model: str) -> None:
    """Export a model of the zoo, at once when nothing changed; verify the hashes of an imported one.

    ArtifactFailure where a file is another than its manifest says, or of an imported model is missing.
    """
    check_name(model)
    if catalog.is_zoo(model):
        run_models("export", model)
        return
    try:
        folder = model_dir(model)
        manifest = read_manifest(folder)
        for format in manifest.artifacts:
            verify_artifact(folder, format)
        for name, sha256 in ((GOLDEN_NAME, manifest.golden_sha256), (LABELLED_NAME, manifest.labelled_sha256)):
            if sha256 and not is_there(folder / name, sha256, manifest):
                raise ArtifactError(f"artifact {folder / name} is missing", manifest.remedy)
    except ArtifactError as error:
        raise ArtifactFailure(error.text, error.remedy) from None


def missing(manifest: Manifest, format: str) -> Problem | None:
    """Why the model has no artifact of a format, and the operator that is to blame; None where it has one."""
    if format in manifest.artifacts:
        return None
    found = manifest.missing.get(format, Missing(reason=NO_ARTIFACT))
    operator = f" ({found.operator})" if found.operator else ""
    return Problem(code=RequestCode.NO_ARTIFACT, text=f"the model has no {format} artifact: {found.reason}{operator}")


def missing_formats(model: str) -> dict[str, str]:
    """Formats that the model could not be exported to, and why; empty for one that was not exported yet."""
    try:
        manifest = read_manifest(model_dir(model))
    except ArtifactError:
        return {}
    return {format: problem.text for format in manifest.missing if (problem := missing(manifest, format))}


def notes(model: str) -> tuple[str, ...]:
    """What the import of a model noted; nothing of one that was not imported."""
    try:
        return read_manifest(model_dir(model)).notes
    except ArtifactError:
        return ()
