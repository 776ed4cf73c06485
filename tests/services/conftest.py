from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.two_tensors_artifacts import write_model


@pytest.fixture(scope="session")
def two_tensors_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the two-input, two-output model, as an import leaves it."""
    return write_model(tmp_path_factory.mktemp("imported"))
