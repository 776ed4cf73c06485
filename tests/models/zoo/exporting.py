"""A model that was trained and exported for a test, and what its artifacts must have in common."""

from pathlib import Path

import numpy as np

from serveoff.models import formats, zoo
from serveoff.models.agreement import compare
from serveoff.models.export import export_model
from serveoff.models.golden import ROWS, read_golden
from serveoff.models.manifest import Manifest, read_manifest
from serveoff.models.spec import FORMATS, model_dir
from serveoff.models.tensors import misfit, take


def exported(model: str) -> tuple[Path, Manifest]:
    """Train and export a model anew; every format was then verified against the golden answers, or it raises."""
    assert export_model(model, force=True)
    return model_dir(model), read_manifest(model_dir(model))


def assert_sound(model: str, folder: Path, manifest: Manifest) -> None:
    """It has every format and 64 golden rows, takes any batch size, and its layers are the same in all frameworks."""
    spec, golden = zoo.load_spec(model), read_golden(folder)
    assert set(manifest.artifacts) == set(FORMATS)
    assert misfit(golden.inputs, spec.inputs, ROWS) == misfit(golden.outputs, spec.outputs, ROWS) == ""
    loaded = {format: formats.find(format).load(folder / format, spec) for format in FORMATS}
    for format, found in loaded.items():
        for rows in (1, 2, 7):
            answers = found.predict(take(golden.inputs, slice(rows)))
            assert not compare(answers, take(golden.outputs, slice(rows))).wrong.any(), format
    for layer in zoo.layers(model):
        expected = loaded["torch_eager"].layers[layer](golden.inputs)[layer]
        assert np.ptp(expected) > 0
        for format in ("keras_eager", "frozen_graph"):
            given = loaded[format].layers[layer](golden.inputs)[layer]
            np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-4, err_msg=f"{layer} of {format}")
