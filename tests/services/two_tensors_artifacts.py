"""The folder of `two_tensors` as an import leaves it: real artifacts of the formats asked for, golden, manifest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from serveoff.models.frameworks.versions import installed
from serveoff.models.golden import GOLDEN_NAME, Golden, write_golden
from serveoff.models.manifest import MANIFEST_NAME, Artifact, Manifest, digest, size_bytes
from serveoff.models.spec import BYTES_SIGNATURE
from tests.services.two_tensors import NAME, SPEC, predict, rows

# Frameworks are imported where they are needed: each takes seconds.


def write_model(folder: Path, formats: Sequence[str] = ("torchscript",), golden_rows: int = 5) -> Path:
    """Write it below a folder of models; its own folder."""
    model_dir = folder / NAME
    for format in formats:
        (model_dir / format).mkdir(parents=True)
        _WRITERS[format](model_dir / format)
    inputs = rows(golden_rows)
    write_golden(model_dir, Golden(inputs, predict(inputs)))
    manifest = Manifest(
        model=NAME,
        fingerprint="",
        spec=SPEC,
        source="torchscript",
        trained_with="torch",
        parameters=0,
        golden_sha256=digest(model_dir / GOLDEN_NAME),
        artifacts={format: _artifact(model_dir / format) for format in formats},
    )
    (model_dir / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return model_dir


def _torchscript(folder: Path) -> None:
    import torch

    class TwoTensors(torch.nn.Module):
        def forward(self, prices: torch.Tensor, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            scale = (tokens > 0).sum(dim=1).to(torch.float32)
            return prices * scale[:, None, None], tokens.sum(dim=1)

    torch.jit.script(TwoTensors().eval()).save(str(folder / "model.pt"))


def _savedmodel(folder: Path) -> None:
    import tensorflow as tf

    from serveoff.models.encoded_rows import decode_rows

    prices, tokens = SPEC.inputs

    @tf.function(input_signature=[tf.TensorSpec([None, *t.row_shape], t.dtype, name=t.name) for t in SPEC.inputs])
    def serve(prices, tokens):
        scale = tf.reduce_sum(tf.cast(tokens > 0, tf.float32), axis=1)
        return {"scaled": prices * scale[:, None, None], "total": tf.reduce_sum(tokens, axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name=t.bytes_name) for t in SPEC.inputs])
    def serve_bytes(prices_bytes, tokens_bytes):
        return serve(decode_rows(prices_bytes, prices), decode_rows(tokens_bytes, tokens))

    signatures = {"serving_default": serve, BYTES_SIGNATURE: serve_bytes}
    tf.saved_model.save(tf.Module(), str(folder / "1"), signatures=signatures)


_WRITERS: dict[str, Callable[[Path], None]] = {"torchscript": _torchscript, "savedmodel": _savedmodel}
_FRAMEWORKS = {"torchscript": "torch", "savedmodel": "tensorflow"}


def _artifact(path: Path) -> Artifact:
    framework = _FRAMEWORKS[path.name]
    return Artifact(
        format=path.name,
        path=path.name,
        sha256=digest(path),
        bytes=size_bytes(path),
        framework=framework,
        framework_version=installed(framework),
        inputs=SPEC.inputs,
        outputs=SPEC.outputs,
    )
