"""The image models are exported to every format, and every artifact answers as the network did."""

import os
import subprocess
import sys

import pytest

from serveoff.models.golden import read_golden
from serveoff.models.manifest import read_manifest
from serveoff.models.spec import FORMATS, REPOSITORY
from serveoff.models.tensors import rows_of

ROWS = {"efficientnet_lite0": 16, "resnet50": 8}


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("model", ROWS)
def test_an_export_has_every_format_and_says_how_good_the_model_is(tmp_path, model):
    command = [sys.executable, "-m", "serveoff.models", "export", model]
    environment = {**os.environ, "SERVEOFF_ARTIFACTS": str(tmp_path)}
    result = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    manifest = read_manifest(tmp_path / model)
    assert tuple(manifest.artifacts) == FORMATS
    assert manifest.accuracy is None
    assert ("random weights" in manifest.quality) == (model == "resnet50")
    assert rows_of(read_golden(tmp_path / model).inputs) == ROWS[model]
