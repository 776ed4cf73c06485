from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from models.formats import Predict
from models.zoo import load_spec
from services.flaskrest.app import create_app
from services.flaskrest.runtimes import Runtime, null
from services.settings import Settings
from tests.bad_inputs import BODY_LIMIT, MODEL


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(model_dir=tmp_path, format="null", model=MODEL, max_body_bytes=BODY_LIMIT)


@pytest.fixture
def make_app(settings: Settings) -> Callable[[Predict], Flask]:
    """An application around any function from batch to batch."""
    spec = load_spec(MODEL)

    def make(predict: Predict) -> Flask:
        return create_app(settings, Runtime(predict, spec, "cpu", "none", "0"), load_s=1.5)

    return make


@pytest.fixture
def null_app(make_app: Callable[[Predict], Flask]) -> Flask:
    return make_app(null.load(load_spec(MODEL)))


@pytest.fixture
def echo_app(make_app: Callable[[Predict], Flask]) -> Flask:
    """Answers the first ten numbers of each row, so that a test sees what the model was given."""
    return make_app(lambda batch: np.ascontiguousarray(batch.reshape(len(batch), -1)[:, :10]))
