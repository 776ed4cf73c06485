"""The manifest: what was exported, and the hashes by which a server refuses an altered artifact."""

import hashlib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from serveoff.models.spec import ModelSpec, TensorSpec

MANIFEST_NAME = "manifest.json"
SCHEMA_VERSION = 2
ZOO = "zoo"
"""The source of a model that was trained here."""


class ArtifactError(Exception):
    """An artifact is missing, incomplete, or not the one that the manifest names; and what to do about it."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(f"{text}; {remedy}" if remedy else text)
        self.text, self.remedy = text, remedy


class Artifact(BaseModel):
    """One exported format of a model. `path` is relative to the model's folder.

    `bytes` is the size of what one server loads, without the copy that a format may keep in another wrapping.
    """

    model_config = ConfigDict(frozen=True)

    format: str
    path: str
    sha256: str
    bytes: int
    framework: str
    framework_version: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


class Missing(BaseModel):
    """A format that the model could not be exported to: the operator that stands in the way, if one does, and why."""

    model_config = ConfigDict(frozen=True)

    reason: str
    operator: str = ""


class Manifest(BaseModel):
    """Everything exported of one model.

    `accuracy` is top-1 on the held-out split, 0 to 1, for a model that is trained here and tells classes apart;
    `quality` says in words how good the model is, or that nobody measured it.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA_VERSION
    model: str
    fingerprint: str
    """SHA-256 over the sources and settings that the export depends on: unchanged means nothing to do."""
    spec: ModelSpec
    source: str = ZOO
    """`zoo`, or the kind of file that was imported: keras, savedmodel, frozen_graph, torchscript, torch, onnx."""
    trained_with: str
    seed: int | None = None
    accuracy: float | None = None
    quality: str = ""
    parameters: int
    weights_sha256: str = ""
    """Of weights.npz; an imported model has none, its weights are in its artifacts."""
    golden_sha256: str
    labelled_sha256: str = ""
    """Of labelled.npz; empty where nobody gave labels, or the model tells no classes apart."""
    artifacts: dict[str, Artifact]
    missing: dict[str, Missing] = {}
    """Formats that it does not have, and why."""
    notes: tuple[str, ...] = ()
    """What its import did that its user may not expect, as an answer left out or a number served as another kind."""

    @property
    def remedy(self) -> str:
        """What to do about an artifact of it that cannot be used."""
        if self.source != ZOO:
            return "import it again with `serveoff import`"
        return f"run `serveoff export --force --model {self.model}`"


def artifact_of(folder: Path, format: str, spec: ModelSpec, **written: Any) -> Artifact:
    """What the manifest says of an artifact below a model's folder; `written`: its bytes and its framework.

    Verifying loads it by the spec's tensor names, so they are true.
    """
    sha256 = digest(folder / format)
    return Artifact(format=format, path=format, sha256=sha256, inputs=spec.inputs, outputs=spec.outputs, **written)


def digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder: the digest of its sorted (relative path, file digest) lines."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    lines = (f"{digest(f)}  {f.relative_to(path).as_posix()}\n" for f in _files(path))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def size_bytes(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return path.stat().st_size if path.is_file() else sum(f.stat().st_size for f in _files(path))


def read_manifest(model_dir: Path) -> Manifest:
    """Read a model's manifest; ArtifactError where there is none or it is not one."""
    path = model_dir / MANIFEST_NAME
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ArtifactError(f"no model at {model_dir}", "run `serveoff export` first") from None
    except OSError as error:
        raise ArtifactError(f"cannot read {path}: {error.strerror}", "make it readable") from None
    except ValidationError as error:
        faults = f"{path} is not a manifest of this version ({error.error_count()} faults)"
        raise ArtifactError(faults, "run `serveoff export --force`") from None


def verify_artifact(model_dir: Path, format: str) -> Artifact:
    """The artifact of one format, after its bytes were hashed and compared with the manifest.

    Every server calls this before it loads anything; ArtifactError names the artifact and the next action.
    """
    manifest = read_manifest(model_dir)
    artifact = manifest.artifacts.get(format)
    if artifact is None:
        known = ", ".join(manifest.artifacts)
        why = f": {manifest.missing[format].reason}" if format in manifest.missing else ""
        raise ArtifactError(f"model {manifest.model} has no {format} artifact (it has {known}){why}")
    if not is_there(model_dir / artifact.path, artifact.sha256, manifest):
        raise ArtifactError(f"artifact {model_dir / artifact.path} is missing", manifest.remedy)
    return artifact


def is_there(path: Path, sha256: str, manifest: Manifest) -> bool:
    """Whether a file of a model, or a folder with files, is there; ArtifactError where it is not the manifest's."""
    if not path.is_file() and not _files(path):
        return False
    found = digest(path)
    if found != sha256:
        changed = f"artifact {path} was changed after its export (sha256 {found[:12]}, manifest {sha256[:12]})"
        raise ArtifactError(f"{changed}: refusing to use it", manifest.remedy)
    return True


def _files(folder: Path) -> list[Path]:
    return sorted(f for f in folder.rglob("*") if f.is_file())
