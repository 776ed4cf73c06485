"""A model that nobody here wrote, as `serveoff import` leaves it: a manifest, golden arrays, and artifacts of bytes."""

from pathlib import Path

import numpy as np

from serveoff.models.golden import GOLDEN_NAME, Golden, write_golden
from serveoff.models.manifest import MANIFEST_NAME, Artifact, Manifest, Missing, digest
from serveoff.models.spec import ModelSpec, TensorSpec

MISSING = Missing(reason="no such operator in ONNX", operator="aten::fft_fft")


def spec(name):
    """Two inputs and two outputs, of four dtypes."""
    return ModelSpec(
        name=name,
        description="a picture and an age",
        inputs=(
            TensorSpec(name="image", shape=(-1, 2, 2, 1), dtype="uint8"),
            TensorSpec(name="age", shape=(-1,), dtype="int64"),
        ),
        outputs=(
            TensorSpec(name="scores", shape=(-1, 3), dtype="float32"),
            TensorSpec(name="known", shape=(-1,), dtype="bool"),
        ),
    )


def write_model(folder: Path, formats=("torchscript",), missing=("savedmodel",), rows=2) -> Manifest:
    """Write it; its name is the folder's."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    inputs = {"image": random.integers(0, 256, (rows, 2, 2, 1), np.uint8), "age": np.arange(rows) + 2**33}
    outputs = {"scores": random.random((rows, 3), np.float32), "known": np.arange(rows) % 2 == 0}
    write_golden(folder, Golden(inputs, outputs))
    manifest = Manifest(
        model=folder.name,
        fingerprint="f",
        spec=spec(folder.name),
        source="torchscript",
        trained_with="torch 2.13.0",
        quality="nobody measured how good it is",
        parameters=7,
        golden_sha256=digest(folder / GOLDEN_NAME),
        artifacts={format: _artifact(folder, format) for format in formats},
        missing=dict.fromkeys(missing, MISSING),
    )
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return manifest


def _artifact(folder: Path, format: str) -> Artifact:
    made = folder / format
    made.mkdir(exist_ok=True)
    (made / "model.bin").write_bytes(format.encode())
    described = spec(folder.name)
    return Artifact(
        format=format,
        path=format,
        sha256=digest(made),
        bytes=len(format),
        framework="torch",
        framework_version="2.13.0",
        inputs=described.inputs,
        outputs=described.outputs,
    )
