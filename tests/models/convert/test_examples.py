"""What a model is tried with: its golden rows where it has some, since made-up ones may be none of its inputs."""

import numpy as np
import pytest
import torch
from torch import nn

from serveoff.models import convert, formats
from serveoff.models.golden import Golden, write_golden
from serveoff.models.spec import ModelSpec, TensorSpec

SPEC = ModelSpec(
    name="counts",
    description="",
    inputs=(TensorSpec(name="length", shape=(-1,), dtype="int64"),),
    outputs=(TensorSpec(name="y", shape=(-1, 8), dtype="float32"),),
)
LENGTHS = np.array([5, 7, 6])


class Counts(nn.Module):
    """Takes lengths from 5 on, as packed sequences take them from 1 on."""

    def forward(self, length: torch.Tensor) -> torch.Tensor:
        assert bool((length >= 5).all())
        return (torch.arange(8) < length[:, None]).float()


@pytest.fixture
def artifact(tmp_path):
    folder = tmp_path / "torchscript"
    folder.mkdir()
    torch.jit.script(Counts().eval()).save(str(folder / "model.pt"))
    return folder


@pytest.fixture
def golden(tmp_path):
    answers = (np.arange(8) < LENGTHS[:, None]).astype(np.float32)
    write_golden(tmp_path, Golden({"length": LENGTHS}, {"y": answers}))


def test_an_artifact_is_loaded_with_a_golden_row(artifact, golden):
    loaded = formats.find("torchscript").load(artifact, SPEC)
    assert loaded.predict({"length": LENGTHS})["y"].sum() == LENGTHS.sum()


def test_a_model_that_takes_one_row_at_a_time_is_asked_row_by_row(artifact, golden):
    loaded = formats.load("torchscript", artifact, SPEC.model_copy(update={"one_row": True}))
    assert loaded.predict({"length": LENGTHS})["y"].sum() == LENGTHS.sum()
    assert formats.by_row(lambda batch: {"rows": batch["length"] * 0 + len(batch["length"])})({"length": LENGTHS})[
        "rows"
    ].tolist() == [1, 1, 1]


def test_without_golden_answers_it_is_a_row_of_zeros(artifact):
    assert formats.one_row(SPEC, artifact)["length"].tolist() == [0]


def test_golden_rows_are_the_examples_of_a_conversion(artifact, golden, tmp_path, monkeypatch):
    seen = []
    module = convert.importlib.import_module("serveoff.models.convert.torch_steps")
    monkeypatch.setattr(
        module, "torchscript_to_onnx", lambda source, target, spec: seen.append(convert.example(spec, 5))
    )
    convert.run("torchscript_to_onnx", artifact, tmp_path, SPEC)
    assert seen[0]["length"].tolist() == [5, 7, 6, 5, 7]


def test_a_model_beyond_what_a_format_can_hold_is_refused_by_the_limit(artifact, tmp_path, monkeypatch):
    monkeypatch.setattr(convert, "MOST_MESSAGE_BYTES", 100)
    with pytest.raises(convert.Unconvertible, match="exporters to ONNX write one protobuf message of at most"):
        convert.run("torchscript_to_onnx", artifact, tmp_path, SPEC)
