from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.two_tensors import write_torchscript


@pytest.fixture(scope="session")
def two_tensors_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the two-input, two-output model, as an import leaves it."""
    return write_torchscript(tmp_path_factory.mktemp("imported"))
