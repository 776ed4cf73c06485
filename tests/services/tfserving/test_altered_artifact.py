from __future__ import annotations

import shutil

import pytest

from tests.services.tfserving.model_server import spawn


@pytest.mark.slow
@pytest.mark.parametrize("format", ["savedmodel", "frozen_graph"])
def test_an_altered_artifact_is_refused(tmp_path, model_dir, format):
    copy = tmp_path / "model"
    shutil.copytree(model_dir, copy)
    path = next((copy / format).rglob("saved_model.pb"))
    path.write_bytes(path.read_bytes() + b"\0")
    server = spawn(
        tmp_path,
        module="serveoff.services.tfserving",
        SERVING_MODEL_DIR=str(copy),
        SERVING_FORMAT=format,
        PATH="/nowhere",
    )
    assert server.process.wait(60) == 3
    assert "was changed after its export" in server.log_text()
