"""Import a model: inspect it, ask it for golden answers, convert it, check every artifact; all of it, or nothing."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from serveoff.models.convert import FORMAT_OF
from serveoff.models.golden import GOLDEN_NAME
from serveoff.models.importing import kinds, labels, next_steps, samples, unvouched_files
from serveoff.models.importing.conversion import Converted, Converter
from serveoff.models.importing.errors import ImportCode, ImportFailed, bad_flag
from serveoff.models.importing.resolve_inputs import resolve_inputs
from serveoff.models.importing.source import Found, ImportRequest, Names
from serveoff.models.jobs import JobFailed, Jobs
from serveoff.models.jobs.visible import visible
from serveoff.models.manifest import MANIFEST_NAME, Manifest, Missing, artifact_of, digest
from serveoff.models.progress import Steps
from serveoff.models.spec import FORMATS, ModelSpec, TensorSpec, model_dir
from serveoff.models.staging import locked, staged
from serveoff.models.tensors import Batch, take

WORK = ".work"
"""Below the staged folder, so that whoever clears up after a killed import takes it, too."""


BY_ROW = ("torch_eager", "torchscript", "torch_export", "onnx")
"""Formats that our own code calls wherever they are served, so that it can ask them row by row."""

REBUILT = (
    "if its answers differ: the factory is called again where the module is served, and has to build the same; keep "
    "what is drawn or computed then in the state_dict, by register_buffer"
)
UNLABELLED = "imported: compared with its own answers; its accuracy was not measured"
LABELLED = "imported: compared with its own answers; its accuracy is measured beside a lower precision's"


@dataclass(frozen=True)
class ImportResult:
    """What became of it: for each format, in the report's order, the artifact or why there is none."""

    folder: Path
    spec: ModelSpec
    formats: Mapping[str, Converted | Missing]
    golden_rows: int
    notes: tuple[str, ...] = ()


def import_model(request: ImportRequest) -> ImportResult:
    """Import a model into the artifacts' folder; ImportFailed, and nothing written, where that cannot be."""
    kind = kinds.find(request.source.kind)
    _require_files(request)
    kind.check(request.source)
    target = model_dir(request.name)
    with locked(target):
        if (target / MANIFEST_NAME).exists() and not request.force:
            raise bad_flag(
                f"a model {request.name} already exists in {target}", "choose another --name, or add --force"
            )
        with staged(target) as folder, Steps() as steps:
            (folder / WORK).mkdir()
            result = _build(request, kind, folder, steps)
            shutil.rmtree(folder / WORK)
    return replace(result, folder=target)


def _require_files(request: ImportRequest) -> None:
    """ImportFailed where a file is not there, or is none that may be read; a factory is no file."""
    source = request.source
    if source.kind != "torch":
        unvouched_files.regular(source.path, is_folder=source.kind == "savedmodel")
    for path in filter(None, (source.weights, request.samples, request.labels)):
        unvouched_files.regular(path)


def _build(request: ImportRequest, kind: kinds.Kind, folder: Path, steps: Steps) -> ImportResult:
    log = next_steps.log_of(request.name)
    log.unlink(missing_ok=True)
    jobs = Jobs(request.timeout_s, log)
    with steps.step("inspect", total=1) as advance:
        inputs, names, batch = _inputs(request, kind, jobs)
        advance()
    description = f"imported from {kind.CALLED.partition(',')[0]}, {visible(Path(request.source.path).name)}"
    spec = ModelSpec(name=request.name, description=description, inputs=inputs, outputs=())
    with steps.step("golden answers", total=1) as advance:
        answered = _answers(request, kind, jobs, folder, spec, names, batch)
        advance()
    outputs = tuple(TensorSpec(**tensor) for tensor in answered.pop("outputs"))
    spec = spec.model_copy(update={"outputs": outputs, "one_row": answered.pop("one_row")})
    answered["labelled_sha256"] = labels.store(request.labels, request.samples, names, spec, folder)
    node = kinds.node_of(request.source)
    converter = Converter(node, folder / WORK, spec, jobs)
    formats: dict[str, Converted | Missing] = {}
    with steps.step("convert, verify", total=len(FORMATS)) as advance:
        own = FORMAT_OF.get(node, "")
        for format in sorted(FORMATS, key=lambda format: format != own):
            formats[format] = _unserved(request, spec, own, format) or converter.make(format)
            _require_own(request, own, formats)
            advance()
    if not any(isinstance(found, Converted) for found in formats.values()):
        reasons = "; ".join(
            f"{format}: {found.reason}" for format, found in formats.items() if isinstance(found, Missing)
        )
        text = f"{request.source.path} cannot be converted to any format: {reasons}"
        raise ImportFailed(ImportCode.NO_FORMAT, text)
    notes, rows = tuple(jobs.notes), answered.pop("golden_rows")
    _put_together(request, folder, spec, formats, {**answered, "notes": notes})
    return ImportResult(folder, spec, {format: formats[format] for format in FORMATS}, rows, notes)


def _inputs(request: ImportRequest, kind: kinds.Kind, jobs: Jobs) -> tuple[tuple[TensorSpec, ...], Names, Batch]:
    source = request.source
    given = samples.read(request.samples) if request.samples else {}
    try:
        inspected = jobs.run("inspect", source.model_dump_json(), by=kind.FRAMEWORK)
    except JobFailed as error:
        raise ImportFailed(
            ImportCode.NOT_READ,
            f"{source.path} cannot be read as {kind.CALLED}: {error.reason}",
            next_steps.of_reading(request, kind, error),
        ) from None
    found = Found(**inspected)
    inputs, names = resolve_inputs(source.path, found, request.declared, given)
    if given:
        batch = samples.chosen(request.samples, given, inputs, names.inputs)
        kept, left_out = samples.told(request.samples, batch)
        jobs.notes += filter(None, [left_out])
        return inputs, names, take(batch, kept[: samples.MOST_ROWS])
    if unknown := samples.unknown(request.ranges, inputs):
        raise bad_flag(
            f"{source.path} has no input {', '.join(unknown)}", f"--input-range takes {', '.join(names.inputs)}"
        )
    below = {port.name: port.below for port in found.inputs}
    ids = {name: below[own] for name, own in names.inputs.items() if below.get(own)}
    return inputs, names, samples.seeded(inputs, request.ranges, request.rows, ids)


def _answers(
    request: ImportRequest, kind: kinds.Kind, jobs: Jobs, folder: Path, spec: ModelSpec, names: Names, batch: Batch
) -> dict[str, Any]:
    """Golden answers and the model as a node into the converter's folder."""
    node = folder / WORK / kinds.node_of(request.source)
    node.mkdir()
    np.savez(folder / WORK / samples.NAME, **batch)  # type: ignore[arg-type]
    casts = {names.inputs.get(name, name): dtype for name, dtype in request.source.casts.items()}
    source = request.source.model_copy(update={"casts": casts})
    jsons = [part.model_dump_json() for part in (source, spec, names)]
    try:
        answered = jobs.run("answer", *jsons, str(folder / WORK), str(node), by=kind.FRAMEWORK)
    except JobFailed as error:
        raise ImportFailed(
            ImportCode.NO_ANSWER,
            f"{request.source.path}: {error.reason}",
            next_steps.of_answering(request, spec.inputs, error),
        ) from None
    return answered


def _unserved(request: ImportRequest, spec: ModelSpec, own: str, format: str) -> Missing | None:
    """Why a format that could be made is none that is served."""
    if spec.one_row and format not in (own, *BY_ROW):
        return Missing(reason="the model takes one row at a time, and servers of this format do not ask row by row")
    if format != "keras_eager" or not request.source.trusted:
        return None
    code = " and ".join(request.source.trusted)
    return Missing(reason=f"servers do not run the code of {code}, which --trust-code runs in an import alone")


def _require_own(request: ImportRequest, own: str, formats: Mapping[str, Converted | Missing]) -> None:
    """The format that a file already is must hold: if that disagrees, nothing else can be trusted."""
    converted = formats.get(own)
    if isinstance(converted, Missing):
        raise ImportFailed(
            ImportCode.NO_FORMAT,
            f"{request.source.path} cannot be served in its own format, {own}: {converted.reason}",
            REBUILT if request.source.kind == "torch" else "",
        )


def _put_together(
    request: ImportRequest,
    folder: Path,
    spec: ModelSpec,
    formats: Mapping[str, Converted | Missing],
    answered: Mapping[str, Any],
) -> None:
    """Move the golden answers and the artifacts that hold to their places, and write the manifest."""
    (folder / WORK / GOLDEN_NAME).rename(folder / GOLDEN_NAME)
    artifacts = {}
    for format in FORMATS:
        converted = formats[format]
        if isinstance(converted, Converted):
            converted.folder.rename(folder / format)
            artifacts[format] = artifact_of(
                *(folder, format, spec),
                bytes=converted.bytes,
                framework=converted.framework,
                framework_version=converted.framework_version,
            )
    manifest = Manifest(
        model=request.name,
        fingerprint=_fingerprint(request),
        spec=spec,
        source=request.source.kind,
        quality=LABELLED if answered["labelled_sha256"] else UNLABELLED,
        golden_sha256=digest(folder / GOLDEN_NAME),
        artifacts=artifacts,
        missing={format: found for format, found in formats.items() if isinstance(found, Missing)},
        **answered,
    )
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n")


def _fingerprint(request: ImportRequest) -> str:
    """SHA-256 over what was imported, the file and the flags."""
    paths = (request.source.path, request.source.weights, request.samples, request.labels)
    files = [Path(path) for path in paths if path and Path(path).exists()]
    asked = request.source.model_dump_json(), repr(request.declared), repr(sorted(request.ranges.items()))
    lines = [*asked, *map(digest, files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
