"""Which device a runtime asks for, and which it says that it has: not always the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from serveoff.models import formats
from serveoff.models.catalog import load_spec
from serveoff.models.formats import Loaded
from serveoff.services.runtimes import load_runtime, null
from serveoff.services.runtimes import tensorflow as tensorflow_runtime
from serveoff.services.runtimes import torch as torch_runtime
from serveoff.services.settings import Settings, SettingsError
from tests.bad_inputs import MODEL

FRAMEWORKS = {
    "savedmodel": tensorflow_runtime,
    "frozen_graph": tensorflow_runtime,
    "keras_eager": tensorflow_runtime,
    "torchscript": torch_runtime,
    "torch_eager": torch_runtime,
}


@pytest.fixture
def load_on(monkeypatch: pytest.MonkeyPatch, model_dir: Path):
    """Load a format as if there were a GPU (or not), on which it truly computes (or not)."""

    def load(format: str, asked: str, *, has_gpu: bool, computes_on: str) -> tuple[str | None, str]:
        seen = SimpleNamespace(device=None)

        def loaded(*_: object, device: str, **__: object) -> Loaded:
            seen.device = device
            return Loaded(null.load(load_spec(MODEL)), computes_on)

        monkeypatch.setattr(FRAMEWORKS[format], "has_gpu", lambda: has_gpu)
        monkeypatch.setattr(FRAMEWORKS[format], "limit_inter_op_threads", lambda: None)
        monkeypatch.setattr(formats.find(format), "load", loaded)
        runtime = load_runtime(Settings(model_dir, format, model=MODEL, device=asked))
        return seen.device, runtime.device

    return load


@pytest.mark.parametrize("format", FRAMEWORKS)
@pytest.mark.parametrize(
    ("asked", "has_gpu", "expected"),
    [("auto", False, "cpu"), ("auto", True, "cuda:0"), ("cpu", True, "cpu"), ("cuda", True, "cuda:0")],
)
def test_a_format_is_loaded_on_what_was_asked_for_or_is_there(load_on, format, asked, has_gpu, expected) -> None:
    assert load_on(format, asked, has_gpu=has_gpu, computes_on=expected) == (expected, expected)


@pytest.mark.parametrize("format", FRAMEWORKS)
def test_a_gpu_that_is_not_there_is_refused_before_anything_is_loaded(load_on, format) -> None:
    with pytest.raises(SettingsError, match="SERVING_DEVICE is cuda, but the framework sees no GPU"):
        load_on(format, "cuda", has_gpu=False, computes_on="cpu")


@pytest.mark.parametrize("asked", ["auto", "cuda"])
@pytest.mark.parametrize("computes_on", ["cpu", "cpu+cuda:0"])
def test_a_model_that_fell_back_is_not_said_to_be_on_the_gpu(load_on, asked, computes_on) -> None:
    assert load_on("savedmodel", asked, has_gpu=True, computes_on=computes_on) == ("cuda:0", computes_on)


@pytest.mark.parametrize("there", [True, False])
def test_a_framework_says_whether_there_is_a_gpu(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr(torch_runtime.torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(tensorflow_runtime.tf.config, "list_physical_devices", lambda kind: [kind] if there else [])
    assert (torch_runtime.has_gpu(), tensorflow_runtime.has_gpu()) == (there, there)
