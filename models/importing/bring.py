"""Import a model: inspect it, ask it for golden answers, convert it, check every artifact; all of it, or nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from serveoff.models.convert import FORMAT_OF
from serveoff.models.golden import GOLDEN_NAME
from serveoff.models.importing import kinds, samples
from serveoff.models.importing.answering import ONE_ROW
from serveoff.models.importing.conversion import Made, Workshop
from serveoff.models.importing.errors import ImportFailed, JobFailed
from serveoff.models.importing.jobs import DEFAULT_TIMEOUT_S, Jobs
from serveoff.models.importing.resolve_inputs import settled
from serveoff.models.importing.source import Found, Names, Source
from serveoff.models.manifest import MANIFEST_NAME, Artifact, Manifest, Missing, digest
from serveoff.models.progress import Steps
from serveoff.models.spec import FORMATS, ModelSpec, TensorSpec, model_dir
from serveoff.models.staging import locked, staged
from serveoff.models.tensors import Batch, rows_of

WORK = ".work"
"""Below the staged folder, so that whoever clears up after a killed import takes it, too."""


@dataclass(frozen=True)
class Wish:
    """What the user asks for. `search` is where the package of a factory is looked for."""

    source: Source
    name: str
    declared: tuple[TensorSpec, ...] = ()
    samples: str = ""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    rows: int = 0
    timeout_s: float = DEFAULT_TIMEOUT_S
    search: str = ""
    force: bool = False


@dataclass(frozen=True)
class Brought:
    """What became of it: for each format, in the report's order, the artifact or why there is none."""

    folder: Path
    spec: ModelSpec
    formats: Mapping[str, Made | Missing]
    golden_rows: int


def bring(wish: Wish) -> Brought:
    """Import a model into the artifacts' folder; ImportFailed, and nothing written, where that cannot be."""
    kind = kinds.find(wish.source.kind)
    kind.check(wish.source)
    target = model_dir(wish.name)
    with locked(target):
        if (target / MANIFEST_NAME).exists() and not wish.force:
            raise ImportFailed(f"there is a model {wish.name} already, in {target}", "another --name, or --force")
        with staged(target) as folder, Steps() as steps:
            (folder / WORK).mkdir()
            brought = _build(wish, kind, folder, steps)
            shutil.rmtree(folder / WORK)
    return Brought(target, brought.spec, brought.formats, brought.golden_rows)


def _build(wish: Wish, kind: kinds.Kind, folder: Path, steps: Steps) -> Brought:
    jobs = Jobs(wish.timeout_s, wish.search)
    with steps.step("inspect", total=1) as advance:
        inputs, names, batch = _inputs(wish, kind, jobs)
        advance()
    spec = ModelSpec(name=wish.name, description=_described(wish.source, kind), inputs=inputs, outputs=())
    with steps.step("golden answers", total=1) as advance:
        answered = _answers(wish, kind, jobs, folder, spec, names, batch)
        advance()
    spec = spec.model_copy(update={"outputs": tuple(TensorSpec(**tensor) for tensor in answered.pop("outputs"))})
    workshop = Workshop(kind.NODE, folder / WORK, spec, folder, Jobs(wish.timeout_s))
    formats: dict[str, Made | Missing] = {}
    with steps.step("convert, verify", total=len(FORMATS)) as advance:
        own = FORMAT_OF.get(kind.NODE, "")
        for format in sorted(FORMATS, key=lambda format: format != own):
            formats[format] = workshop.make(format)
            _require_own(wish, own, formats)
            advance()
    if not any(isinstance(made, Made) for made in formats.values()):
        raise ImportFailed(f"{wish.source.path} can be converted to no format: {_reasons(formats)}")
    _put_together(wish, folder, spec, formats, answered)
    return Brought(folder, spec, {format: formats[format] for format in FORMATS}, rows_of(batch))


def _inputs(wish: Wish, kind: kinds.Kind, jobs: Jobs) -> tuple[tuple[TensorSpec, ...], Names, Batch]:
    source = wish.source
    given = samples.read(wish.samples) if wish.samples else {}
    try:
        inspected = jobs.run("serveoff.models.importing", "inspect", source.model_dump_json(), by=kind.FRAMEWORK)
    except JobFailed as error:
        raise ImportFailed(f"{source.path} cannot be read as {kind.CALLED}: {error.reason}", kind.SAVE) from None
    inputs, names = settled(source.path, Found(**inspected), wish.declared, given)
    if given:
        return inputs, names, samples.chosen(wish.samples, given, inputs, names.inputs)
    unknown = sorted(set(wish.ranges) - {tensor.name for tensor in inputs})
    if unknown:
        raise ImportFailed(
            f"{source.path} has no input {', '.join(unknown)}", f"--input-range takes {', '.join(names.inputs)}"
        )
    return inputs, names, samples.seeded(inputs, wish.ranges, wish.rows)


def _answers(
    wish: Wish, kind: kinds.Kind, jobs: Jobs, folder: Path, spec: ModelSpec, names: Names, batch: Batch
) -> dict[str, Any]:
    """Golden answers into the folder, and the model as a node into the workshop's."""
    node = folder / WORK / kind.NODE
    node.mkdir()
    np.savez(folder / WORK / samples.NAME, **batch)  # type: ignore[arg-type]
    jsons = [part.model_dump_json() for part in (wish.source, spec, names)]
    try:
        answered = jobs.run(
            "serveoff.models.importing", "answer", *jsons, str(folder / WORK), str(node), by=kind.FRAMEWORK
        )
    except JobFailed as error:
        raise ImportFailed(f"{wish.source.path}: {error.reason}", _hint(wish, kind, spec, error.reason)) from None
    (folder / WORK / GOLDEN_NAME).rename(folder / GOLDEN_NAME)
    return answered


def _hint(wish: Wish, kind: kinds.Kind, spec: ModelSpec, reason: str) -> str:
    """What to do about a model that cannot be asked; one that fails with a single row may have got wrong inputs."""
    if not reason.startswith(ONE_ROW):
        return kind.SAVE
    integers = [tensor.name for tensor in spec.inputs if tensor.dtype not in ("float32", "float64", "bool")]
    if wish.samples or not integers:
        return (
            "try it in its own framework with these inputs" if wish.samples else "give real inputs: --samples FILE.npz"
        )
    low, high = wish.ranges.get(integers[0], samples.INTEGERS)
    return (
        f"the integers of {', '.join(integers)} were drawn from {low:g}..{high:g}: where the model takes others, give "
        f"real inputs, --samples FILE.npz, or their range, --input-range {integers[0]}=0:9"
    )


def _require_own(wish: Wish, own: str, formats: Mapping[str, Made | Missing]) -> None:
    """The format that a file already is must hold: if that disagrees, nothing else can be trusted."""
    made = formats.get(own)
    if isinstance(made, Missing):
        raise ImportFailed(f"{wish.source.path} cannot be served even as what it is, {own}: {made.reason}")


def _put_together(
    wish: Wish, folder: Path, spec: ModelSpec, formats: Mapping[str, Made | Missing], answered: Mapping[str, Any]
) -> None:
    """Move the artifacts that hold to their places, and write the manifest."""
    artifacts = {}
    for format in FORMATS:
        made = formats[format]
        if isinstance(made, Made):
            made.folder.rename(folder / format)
            artifacts[format] = _artifact(format, folder, made, spec)
    manifest = Manifest(
        model=wish.name,
        fingerprint=_fingerprint(wish),
        spec=spec,
        source=wish.source.kind,
        quality="imported: its answers are compared with its own, whether they are right was not measured",
        golden_sha256=digest(folder / GOLDEN_NAME),
        artifacts=artifacts,
        missing={format: made for format, made in formats.items() if isinstance(made, Missing)},
        **answered,
    )
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n")


def _artifact(format: str, folder: Path, made: Made, spec: ModelSpec) -> Artifact:
    return Artifact(
        format=format,
        path=format,
        sha256=digest(folder / format),
        bytes=made.bytes,
        framework=made.framework,
        framework_version=made.framework_version,
        inputs=spec.inputs,
        outputs=spec.outputs,
    )


def _fingerprint(wish: Wish) -> str:
    """SHA-256 over what was imported, the file and the flags."""
    files = [Path(path) for path in (wish.source.path, wish.source.weights, wish.samples) if Path(path or "?").exists()]
    lines = [wish.source.model_dump_json(), repr(wish.declared), repr(sorted(wish.ranges.items())), *map(digest, files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _described(source: Source, kind: kinds.Kind) -> str:
    return f"imported from {kind.CALLED.partition(',')[0]}, {Path(source.path).name}"


def _reasons(formats: Mapping[str, Made | Missing]) -> str:
    return "; ".join(f"{format}: {made.reason}" for format, made in formats.items() if isinstance(made, Missing))
