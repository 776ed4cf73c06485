from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from serveoff.models import agreement
from serveoff.models.golden import Golden, read_golden
from serveoff.models.manifest import ArtifactError
from serveoff.models.spec import FORMATS
from serveoff.services.runtimes import check, choose_device, load_runtime
from serveoff.services.settings import Settings, SettingsError
from tests.bad_inputs import MODEL
from tests.services import two_tensors
from tests.services.flaskrest.serving import environment

COUNT_THREADS = """
import os, psutil
from serveoff.models.tensors import zeros
from serveoff.services.runtimes import load_runtime
from serveoff.services.settings import Settings
runtime = load_runtime(Settings.from_env(os.environ))
runtime.predict(zeros(runtime.spec.inputs, 64))
print(runtime.device, psutil.Process().num_threads(), runtime.intra_op_threads)
"""


def test_null_answers_zeros_of_the_right_shape(tmp_path: Path) -> None:
    runtime = load_runtime(Settings(tmp_path, "null", model=MODEL))
    answer = runtime.predict({"image": np.ones((3, 28, 28, 1), np.float32)})["probabilities"]
    assert answer.shape == (3, 10)
    assert answer.dtype == np.float32
    assert not answer.any()


@pytest.mark.parametrize(
    ("asked", "has_gpu", "chosen"),
    [("auto", False, "cpu"), ("auto", True, "cuda:0"), ("cpu", True, "cpu"), ("cuda", True, "cuda:0")],
)
def test_device_is_what_was_asked_or_what_there_is(asked: str, has_gpu: bool, chosen: str) -> None:
    assert choose_device(asked, has_gpu) == chosen


def test_a_gpu_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SettingsError, match="SERVING_DEVICE is cuda"):
        choose_device("cuda", has_gpu=False)


def test_unknown_format_and_model_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match="SERVING_FORMAT is 'tflite': use one of frozen_graph, keras_eager, onnx, savedmodel, "
    ):
        check(Settings(tmp_path, "tflite", model=MODEL))
    with pytest.raises(ArtifactError, match="nope"):
        check(Settings(tmp_path, "null", model="nope"))


def test_without_artifacts_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="serveoff export"):
        check(Settings(tmp_path, "torchscript", model=MODEL))


def test_torchscript_agrees_with_golden_outputs(model_dir: Path, golden: Golden) -> None:
    runtime = load_runtime(Settings(model_dir, "torchscript", model=MODEL))
    assert (runtime.device, runtime.framework) == ("cpu", "torch")
    assert agreement.agreement(runtime.predict, golden).ok


def test_an_imported_model_has_its_spec_in_the_folder_that_is_served(two_tensors_dir: Path) -> None:
    """Wherever that lies: in a container or a TorchServe archive it is not below the artifacts' folder."""
    runtime = load_runtime(Settings(two_tensors_dir, "torchscript", model=two_tensors.NAME))
    assert runtime.spec == two_tensors.SPEC
    assert agreement.agreement(runtime.predict, read_golden(two_tensors_dir)).ok
    assert check(Settings(two_tensors_dir, "null", model=two_tensors.NAME))[0] == two_tensors.SPEC
    with pytest.raises(ArtifactError, match="has no savedmodel artifact"):
        check(Settings(two_tensors_dir, "savedmodel", model=two_tensors.NAME))
    with pytest.raises(ArtifactError, match="there is no model 'another'"):
        check(Settings(two_tensors_dir, "torchscript", model="another"))


def test_threads_are_told_by_the_framework_not_by_the_setting(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)  # as if it did not obey
    runtime = load_runtime(Settings(model_dir, "torchscript", model=MODEL, intra_op_threads=before + 3))
    assert runtime.intra_op_threads == before


def test_null_has_no_framework_that_could_tell_its_threads(tmp_path: Path) -> None:
    assert load_runtime(Settings(tmp_path, "null", model=MODEL, intra_op_threads=2)).intra_op_threads is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "format", [pytest.param(f, marks=pytest.mark.long) if f.endswith("_eager") else f for f in FORMATS]
)
def test_intra_op_threads_are_applied_and_told(model_dir: Path, tmp_path: Path, format: str) -> None:
    counts = {threads: count_threads(model_dir, tmp_path, format, threads) for threads in (1, 5)}
    assert counts[5][0] - counts[1][0] in (4, 8)  # PyTorch keeps two pools
    assert {asked: told for asked, (_, told) in counts.items()} == {1: 1, 5: 5}


def count_threads(model_dir: Path, work_dir: Path, format: str, intra_op_threads: int) -> tuple[int, int]:
    """Threads of a process that has computed a batch of 64 rows, and intra-op threads as its runtime tells them."""
    env = environment(model_dir, format, work_dir, 0, intra_op_threads=intra_op_threads, device="cpu")
    done = subprocess.run([sys.executable, "-c", COUNT_THREADS], env=env, capture_output=True, check=True, timeout=200)
    device, threads, told = done.stdout.split()
    assert device == b"cpu"
    return int(threads), int(told)
