"""Keras 3's file: a zip of the architecture as JSON and the weights as HDF5.

https://keras.io/api/models/model_saving_apis/
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serveoff.models.importing import unvouched_files
from serveoff.models.importing.errors import damaged, no_model
from serveoff.models.importing.source import Source

NODE = "keras"
FRAMEWORK = "tensorflow"
CALLED = "a Keras 3 file, model.keras"

WEIGHTS = "model.weights.h5"
MOST_CONFIG_BYTES = 256 << 20
HDF5 = b"\x89HDF\r\n\x1a\n"
SAVE = "save it again with Keras 3: model.save('model.keras')"
NO_LAMBDA = "put operations of keras.ops or layers of Keras in its place, or import what model.export() writes"
LAMBDA = "__lambda__"
"""What Keras calls a function that it keeps as code."""


def detect(path: str) -> bool:
    """By its suffix."""
    return path.endswith(".keras") and Path(path).is_file()


def check(source: Source) -> None:
    """A sound zip whose architecture is JSON and whose weights begin as HDF5 does."""
    with unvouched_files.archive(source.path, SAVE) as archive:
        if absent := sorted({"config.json", "metadata.json", WEIGHTS} - set(archive.namelist())):
            raise damaged(f"{source.path} has no {', '.join(absent)} in it", SAVE)
        if archive.getinfo("config.json").file_size > MOST_CONFIG_BYTES:
            raise damaged(f"{source.path}: config.json is larger than {MOST_CONFIG_BYTES >> 20} MiB")
        try:
            config = json.loads(archive.read("config.json"))
            layers = sorted(_lambdas(config))
        except (ValueError, RecursionError) as error:
            raise damaged(f"{source.path}: its config.json is not JSON ({error})", SAVE) from None
        if not isinstance(config, dict) or "class_name" not in config:
            raise damaged(f"{source.path}: its config.json describes no model", SAVE)
        if layers:
            named = ", ".join(layers[:3])
            raise no_model(f"{source.path}: layer {named} is a Lambda: Python code, which is not loaded", NO_LAMBDA)
        with archive.open(WEIGHTS) as weights:
            if weights.read(len(HDF5)) != HDF5:
                raise damaged(f"{source.path}: its {WEIGHTS} is not HDF5", SAVE)


def _lambdas(config: Any, layer: str = "") -> Iterator[str]:
    """The layers that keep a function as code."""
    if isinstance(config, dict):
        if config.get("class_name") == LAMBDA:
            yield layer
        named = config.get("config")
        layer = str(named["name"]) if isinstance(named, dict) and "name" in named else layer
    for inner in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        yield from _lambdas(inner, layer)
