"""A model of the tests' own with two inputs and two outputs, of floats and of integers, and its answers by heart."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.golden import GOLDEN_NAME, Golden, write_golden
from models.manifest import MANIFEST_NAME, Artifact, Manifest, digest, size_bytes
from models.spec import ModelSpec, TensorSpec
from models.tensors import Batch

NAME = "two_tensors"
PREDICT = f"/v1/models/{NAME}:predict"
SPEC = ModelSpec(
    name=NAME,
    description="Prices scaled by how many tokens there are, and the tokens' sum",
    inputs=(
        TensorSpec(name="prices", shape=(-1, 2, 2), dtype="float32"),
        TensorSpec(name="tokens", shape=(-1, 3), dtype="int64"),
    ),
    outputs=(
        TensorSpec(name="scaled", shape=(-1, 2, 2), dtype="float32"),
        TensorSpec(name="total", shape=(-1,), dtype="int64"),
    ),
)


def predict(batch: Batch) -> Batch:
    """What the model answers."""
    tokens = batch["tokens"]
    scale = (tokens > 0).sum(axis=1).astype(np.float32)
    return {"scaled": batch["prices"] * scale[:, None, None], "total": tokens.sum(axis=1)}


def rows(count: int, seed: int = 4) -> Batch:
    """Inputs that are all different: prices that are exact in JSON, integers that no float keeps apart."""
    random = np.random.default_rng(seed)
    tokens = random.integers(-(2**60), 2**60, (count, 3))
    return {"prices": random.integers(0, 2**16, (count, 2, 2)).astype(np.float32) / 8, "tokens": tokens}


def as_rows(batch: Batch) -> list[dict[str, object]]:
    """As JSON has them in `instances`."""
    columns = [array.tolist() for array in batch.values()]
    return [dict(zip(batch, row, strict=True)) for row in zip(*columns, strict=True)]


def as_columns(batch: Batch) -> dict[str, object]:
    """As JSON has them in `inputs`."""
    return {name: array.tolist() for name, array in batch.items()}


def as_raw(batch: Batch) -> tuple[bytes, str]:
    """A raw body, and its X-Tensor-Shape."""
    shapes = ";".join(f"{name}={','.join(map(str, array.shape))}" for name, array in batch.items())
    return b"".join(array.tobytes() for array in batch.values()), shapes


def write_torchscript(folder: Path, golden_rows: int = 5) -> Path:
    """A model's folder as an import leaves it, with the TorchScript artifact only; the folder."""
    import torch

    class TwoTensors(torch.nn.Module):
        def forward(self, prices: torch.Tensor, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            scale = (tokens > 0).sum(dim=1).to(torch.float32)
            return prices * scale[:, None, None], tokens.sum(dim=1)

    path = folder / NAME / "torchscript"
    path.mkdir(parents=True)
    torch.jit.script(TwoTensors().eval()).save(str(path / "model.pt"))
    inputs = rows(golden_rows)
    write_golden(path.parent, Golden(inputs, predict(inputs)))
    artifact = Artifact(
        format="torchscript",
        path=path.name,
        sha256=digest(path),
        bytes=size_bytes(path),
        framework="torch",
        framework_version=torch.__version__,
        inputs=SPEC.inputs,
        outputs=SPEC.outputs,
    )
    manifest = Manifest(
        model=NAME,
        fingerprint="",
        spec=SPEC,
        source="torchscript",
        trained_with="torch",
        parameters=0,
        golden_sha256=digest(path.parent / GOLDEN_NAME),
        artifacts={"torchscript": artifact},
    )
    (path.parent / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return path.parent
