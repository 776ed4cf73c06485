"""What an export depends on, in one hash: if it is the manifest's, there is nothing to export."""

import ast
import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from serveoff.models import zoo
from serveoff.models.frameworks.versions import installed
from serveoff.models.golden import GOLDEN_NAME
from serveoff.models.manifest import SCHEMA_VERSION, ArtifactError, is_there, read_manifest
from serveoff.models.quality.labelled import LABELLED_NAME
from serveoff.models.spec import FORMATS
from serveoff.models.weights import WEIGHTS_NAME

PACKAGE = Path(__file__).parent
SHARED = (
    *("train.py", "weights.py", "golden.py", "quality/labelled.py", "tensors.py", "agreement.py", "spec.py"),
    *("encoded_rows.py", "frameworks", "formats", "loading", "images"),
    *("convert/onnx_models.py", "convert/torch_modules.py", "convert/torch_onnx.py", "convert/torch_program.py"),
)
FRAMEWORKS = ("torch", "tensorflow", "keras", "numpy", "scikit-learn", "onnx", "onnxruntime", "onnxscript")


def fingerprint(model: str) -> str:
    """SHA-256 over the sources of a model, of its training and of the formats, and the framework versions.

    It reads files and package metadata; no framework is imported. Comments and formatting do not count. ArtifactError
    where a package that the model's recipe needs is not installed.
    """
    sources = [*(PACKAGE / name for name in SHARED), *sorted((PACKAGE / "zoo").glob("*.py")), PACKAGE / "zoo" / model]
    lines = [f"schema {SCHEMA_VERSION}", f"python {platform.python_version()} {platform.machine()}"]
    lines += _versions(model, (*FRAMEWORKS, *zoo.packages(model)))
    for source in sources:
        files = [source] if source.is_file() else sorted(source.rglob("*.py"))
        lines += [f"{file.relative_to(PACKAGE).as_posix()} {ast.dump(ast.parse(file.read_bytes()))}" for file in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def is_current(model: str, model_dir: Path) -> bool:
    """Whether a model's folder is what an export would make: same fingerprint, and every file there.

    ArtifactError where a file of the same fingerprint is not as it was left: who changed it, or what, is unknown.
    """
    expected = fingerprint(model)
    try:
        manifest = read_manifest(model_dir)
    except ArtifactError:
        return False
    files = {artifact.path: artifact.sha256 for artifact in manifest.artifacts.values()}
    files |= {WEIGHTS_NAME: manifest.weights_sha256, GOLDEN_NAME: manifest.golden_sha256}
    files |= {LABELLED_NAME: manifest.labelled_sha256} if manifest.labelled_sha256 else {}
    return (
        manifest.fingerprint == expected
        and set(FORMATS) <= set(manifest.artifacts)
        and all([is_there(model_dir / path, sha256, manifest) for path, sha256 in files.items()])
    )


def _versions(model: str, packages: Iterable[str]) -> list[str]:
    try:
        return [f"{name} {installed(name)}" for name in packages]
    except PackageNotFoundError as missing:
        raise ArtifactError(
            f"the export of {model} needs {missing.name}, which is not installed", f"run `pip install {missing.name}`"
        ) from None
