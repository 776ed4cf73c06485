import subprocess
import sys

import h5py
import numpy as np
import pytest
import torch

from serveoff.models.agreement import TOLERANCE
from serveoff.models.formats.torch_eager import load
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import FORMATS, REPOSITORY
from serveoff.models.verify import verify_model
from serveoff.models.zoo import load_spec


def change_one_weight(file, name="conv2.bias", index=3, by=0.5):
    state = torch.load(file, weights_only=True)
    state[name][index] += by
    torch.save(state, file)


@pytest.mark.slow
@pytest.mark.long
def test_every_artifact_answers_as_the_trained_network_did(model_dir):
    seen = []
    agreements = verify_model(model_dir, on_checked=lambda format, agreement: seen.append(format))
    assert set(agreements) == set(FORMATS) == set(seen)
    assert max(agreement.max_abs_error for agreement in agreements.values()) <= TOLERANCE
    assert {agreement.top1 for agreement in agreements.values()} == {1.0}


def test_one_changed_weight_is_caught_with_the_artifact_and_the_worst_input(copied_model, golden, fix_hash):
    change_one_weight(copied_model / "torch_eager" / "model.pt")
    fix_hash(copied_model, "torch_eager")
    answers = load(copied_model / "torch_eager", load_spec("digits_cnn")).predict(golden.inputs)["probabilities"]
    worst = int(np.abs(answers - golden.outputs["probabilities"]).max(axis=1).argmax())
    with pytest.raises(ArtifactError, match=rf"digits_cnn/torch_eager .*golden input {worst} is worst") as caught:
        verify_model(copied_model, ["torch_eager"])
    assert "serveoff export --force" in str(caught.value)


@pytest.mark.slow
def test_one_changed_weight_of_another_framework_is_caught_and_the_sound_artifact_is_not(copied_model, fix_hash):
    with h5py.File(copied_model / "keras_eager" / "model.weights.h5", "r+") as file:
        names = []
        file.visit(names.append)
        dense2 = next(name for name in names if "dense2/" in name and name.endswith("vars/1"))
        file[dense2][0] += 0.01
    fix_hash(copied_model, "keras_eager")
    with pytest.raises(ArtifactError, match=r"digits_cnn/keras_eager .*golden input") as caught:
        verify_model(copied_model, ["keras_eager", "torchscript"])
    assert "torchscript" not in str(caught.value)


def test_an_artifact_with_another_hash_is_not_even_loaded(copied_model):
    (copied_model / "torch_eager" / "model.pt").write_bytes(b"not a model")
    with pytest.raises(ArtifactError, match=r"torch_eager was changed .*refusing to use it"):
        verify_model(copied_model, ["torch_eager"])


def test_an_artifact_that_cannot_be_loaded_is_named_with_the_reason(copied_model, fix_hash):
    (copied_model / "torchscript" / "model.pt").write_bytes(b"not a model")
    fix_hash(copied_model, "torchscript")
    with pytest.raises(ArtifactError, match=r"check of the torchscript artifact .*failed: .+"):
        verify_model(copied_model, ["torchscript"])


def test_changed_golden_answers_are_refused(copied_model):
    (copied_model / "golden.npz").write_bytes(b"other answers")
    with pytest.raises(ArtifactError, match=r"golden\.npz was changed"):
        verify_model(copied_model, ["torchscript"])


def test_the_command_reports_a_problem_by_its_exit_code_and_message(copied_model, fix_hash, monkeypatch):
    change_one_weight(copied_model / "torch_eager" / "model.pt")
    fix_hash(copied_model, "torch_eager")
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(copied_model.parent))
    result = subprocess.run(
        [sys.executable, "-m", "serveoff.models", "verify", "--format", "torch_eager"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 3
    assert "DISAGREES" in result.stdout
    assert result.stderr.startswith("error: artifact digits_cnn/torch_eager")
    assert result.stderr.endswith("\n  next: run `serveoff export --force --model digits_cnn`\n")
    assert "Traceback" not in result.stderr
