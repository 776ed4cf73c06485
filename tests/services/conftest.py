from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from serveoff.models.catalog import load_spec
from serveoff.models.formats import Predict
from serveoff.models.spec import ModelSpec
from serveoff.services.flaskrest.app import create_app
from serveoff.services.runtimes import Runtime, null
from serveoff.services.settings import Settings
from tests.bad_inputs import BODY_LIMIT, MODEL
from tests.services import two_tensors
from tests.services.two_tensors_artifacts import write_model

MakeApp = Callable[..., Flask]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(model_dir=tmp_path, format="null", model=MODEL, max_body_bytes=BODY_LIMIT)


@pytest.fixture
def make_app(settings: Settings) -> MakeApp:
    """An application around any function from batch to batch, of digits_cnn's spec or another."""

    def make(predict: Predict, spec: ModelSpec | None = None) -> Flask:
        spec = spec or load_spec(MODEL)
        runtime = Runtime(predict, "cpu", spec=spec, framework="none", framework_version="0")
        return create_app(replace(settings, model=spec.name), runtime, load_s=1.5)

    return make


@pytest.fixture
def null_app(make_app: MakeApp) -> Flask:
    return make_app(null.load(load_spec(MODEL)))


@pytest.fixture
def echo_app(make_app: MakeApp) -> Flask:
    """Answers the first ten numbers of each row, so that a test sees what the model was given."""

    def echo(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        image = batch["image"]
        return {"probabilities": np.ascontiguousarray(image.reshape(len(image), -1)[:, :10])}

    return make_app(echo)


@pytest.fixture
def two_app(make_app: MakeApp) -> Flask:
    """Two inputs and two outputs, of floats and of integers."""
    return make_app(two_tensors.predict, two_tensors.SPEC)


@pytest.fixture(scope="session")
def two_tensors_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the two-input, two-output model, as an import leaves it."""
    return write_model(tmp_path_factory.mktemp("imported"))
