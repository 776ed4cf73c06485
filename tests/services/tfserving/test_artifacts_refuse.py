"""The artifacts themselves refuse rows of a wrong shape: TensorFlow Serving feeds whatever a request has.

Without a check in the graph oneDNN ends the server's process, so each artifact is called in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from serveoff.services.tfserving.launcher import BASE_PATHS

SHAPES = [(0,), (1, 0), (1, 784), (28, 28, 1), (1, 28, 28), (1, 28, 28, 3), (1, 28, 29, 1), (1, 1, 28, 28, 1), ()]
CALLS = """
import json, sys
from pathlib import Path
import numpy as np
from serveoff.services.tfserving.embedded.errors import ServingError
from serveoff.services.tfserving.embedded.servable import SessionOptions, load

servable = load("m", 1, Path(sys.argv[1]), SessionOptions())
signature = servable.signatures["serving_default"]
feeds, fetches = ([info.name for info in infos.values()] for infos in (signature.inputs, signature.outputs))
for shape in json.loads(sys.argv[2]):
    try:
        (answer,) = servable.run(feeds, [np.zeros(shape, np.float32)], fetches)
        print("answered", list(answer.shape))
    except ServingError as error:
        print(error.code.name)
"""


@pytest.mark.slow
@pytest.mark.parametrize("format", BASE_PATHS)
def test_rows_of_a_wrong_shape_are_invalid_arguments(model_dir, format):
    version = model_dir / BASE_PATHS[format] / "1"
    shapes = json.dumps([*SHAPES, (2, 28, 28, 1)])
    command = [sys.executable, "-c", CALLS, str(version), shapes]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ["INVALID_ARGUMENT"] * len(SHAPES) + ["answered [2, 10]"]
