"""Train a model once and export it to every format: all of it, or nothing."""

from pathlib import Path
from typing import Any

from serveoff.models import zoo
from serveoff.models.fingerprint import fingerprint, is_current
from serveoff.models.frameworks.versions import installed
from serveoff.models.golden import GOLDEN_NAME, write_golden
from serveoff.models.jobs import Jobs
from serveoff.models.manifest import MANIFEST_NAME, Artifact, ArtifactError, Manifest, artifact_of, digest
from serveoff.models.progress import Steps
from serveoff.models.quality.labelled import LABELLED_NAME, write_labelled
from serveoff.models.spec import FORMATS, ModelSpec, model_dir
from serveoff.models.staging import locked, staged
from serveoff.models.tensors import misfit
from serveoff.models.verify import for_each, run_job, verify_model
from serveoff.models.weights import WEIGHTS_NAME, write_weights


def export_model(model: str, *, force: bool = False) -> bool:
    """Bring a model's folder up to date; False where it was already.

    Everything is built and verified in a folder beside it, which then takes its place in one step.
    Raises ArtifactError where a file was changed after its export, unless `force`; where the model learned too little,
    or a format cannot be exported or does not agree. The old folder then stays.
    """
    spec, target = zoo.load_spec(model), model_dir(model)
    with locked(target):
        if not force and is_current(model, target):
            return False
        before = fingerprint(model)
        with staged(target) as folder, Steps() as steps:
            learned = _train(spec, folder, steps)
            manifest = Manifest(
                model=model,
                fingerprint=before,
                spec=spec,
                trained_with=f"torch {installed('torch')}",
                weights_sha256=digest(folder / WEIGHTS_NAME),
                golden_sha256=digest(folder / GOLDEN_NAME),
                artifacts=_export_formats(spec, folder, steps),
                **learned,
            )
            (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n")
            _verify(folder, steps)
    return True


def _train(spec: ModelSpec, folder: Path, steps: Steps) -> dict[str, Any]:
    """Train, write weights and golden answers; return what the manifest says of the training."""
    recipe = zoo.network(spec.name, "recipe")  # imports torch, which an export with nothing to do can spare
    with steps.step("train", total=recipe.EPOCHS) as advance:
        trained = recipe.learn(advance)
    for batch, tensors in ((trained.golden.inputs, spec.inputs), (trained.golden.outputs, spec.outputs)):
        if problem := misfit(batch, tensors):
            raise ArtifactError(
                f"the recipe of {spec.name} gives a golden batch that its spec does not allow: {problem}"
            )
    write_weights(folder, trained.weights)
    write_golden(folder, trained.golden)
    if trained.held_out is not None:
        write_labelled(folder, trained.held_out.inputs, trained.held_out.targets)
    return {
        "labelled_sha256": digest(folder / LABELLED_NAME) if trained.held_out is not None else "",
        "seed": trained.seed,
        "accuracy": trained.accuracy,
        "quality": trained.quality,
        "parameters": sum(weight.size for weight in trained.weights.values()),
    }


def _export_formats(spec: ModelSpec, folder: Path, steps: Steps) -> dict[str, Artifact]:
    artifacts: dict[str, Artifact] = {}
    jobs = Jobs(timeout_s=None)
    with steps.step("export formats", total=len(FORMATS)) as advance:

        def export(format: str) -> None:
            written = run_job(jobs, "export", spec.name, format, spec.model_dump_json(), str(folder))
            artifacts[format] = artifact_of(folder, format, spec, **written)
            advance()

        for_each(FORMATS, export, jobs)
    return {format: artifacts[format] for format in FORMATS}


def _verify(folder: Path, steps: Steps) -> None:
    with steps.step("verify answers", total=len(FORMATS)) as advance:
        verify_model(folder, on_checked=lambda format, agreement: advance())
