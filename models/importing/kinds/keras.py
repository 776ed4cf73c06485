"""Keras' files: a zip of the architecture as JSON and the weights as HDF5, or all of it in one HDF5 file, `.h5`.

https://keras.io/api/models/model_saving_apis/
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serveoff.models.importing import unvouched_files
from serveoff.models.importing.errors import damaged, no_model
from serveoff.models.importing.source import Source

NODE = "keras"
FRAMEWORK = "tensorflow"
CALLED = "a Keras file, model.keras or .h5"

WEIGHTS = "model.weights.h5"
MOST_CONFIG_BYTES = 256 << 20
HDF5 = b"\x89HDF\r\n\x1a\n"
HDF5_SUFFIXES = (".h5", ".hdf5")
SAVE = "save it again with Keras 3: model.save('model.keras')"
LAMBDAS = ("__lambda__", "Lambda")
"""What Keras calls a function that it keeps as code, and the layer that has one, also in files of Keras 2."""
TRUSTED_LAMBDA = "lambda"
"""What `--trust-code` takes for the functions in the file itself; no module can be called so."""


def detect(path: str) -> bool:
    """By its suffix."""
    return path.endswith((".keras", *HDF5_SUFFIXES)) and os.path.isfile(path)


def is_hdf5(path: str) -> bool:
    """Whether a file begins as HDF5 does: a `.keras` of TensorFlow up to 2.11 is one, too."""
    with Path(path).open("rb") as file:
        return file.read(len(HDF5)) == HDF5


def check(source: Source) -> None:
    """A file that begins as HDF5 does, or a sound zip whose architecture is JSON and whose weights begin so."""
    if is_hdf5(source.path):
        return
    if source.path.endswith(HDF5_SUFFIXES):
        raise damaged(f"{source.path} is not HDF5", SAVE)
    with unvouched_files.archive(source.path, SAVE) as archive:
        if absent := sorted({"config.json", "metadata.json", WEIGHTS} - set(archive.namelist())):
            raise damaged(f"{source.path} has no {', '.join(absent)} in it", SAVE)
        if archive.getinfo("config.json").file_size > MOST_CONFIG_BYTES:
            raise damaged(f"{source.path}: config.json is larger than {MOST_CONFIG_BYTES >> 20} MiB")
        try:
            config = json.loads(archive.read("config.json"))
            problem = untrusted(config, source)
        except (ValueError, RecursionError) as error:
            raise damaged(f"{source.path}: its config.json is not JSON ({error})", SAVE) from None
        if not isinstance(config, dict) or "class_name" not in config:
            raise damaged(f"{source.path}: its config.json describes no model", SAVE)
        if problem:
            raise no_model(f"{source.path}: {problem}", LAMBDA_ADVICE)
        with archive.open(WEIGHTS) as weights:
            if weights.read(len(HDF5)) != HDF5:
                raise damaged(f"{source.path}: its {WEIGHTS} is not HDF5", SAVE)


LAMBDA_ADVICE = (
    "put operations of keras.ops or layers of Keras in its place; if you trust the file as you trust a program, "
    f"--trust-code {TRUSTED_LAMBDA}"
)


def untrusted(config: Any, source: Source) -> str:
    """Which layers keep code in the file that nobody vouched for; empty where none does."""
    layers = [] if TRUSTED_LAMBDA in source.trusted else sorted({layer for layer, _ in layers_of(config, LAMBDAS)})
    return f"layer {', '.join(layers[:3])} is a Lambda: Python code, which is not loaded" if layers else ""


def layers_of(config: Any, classes: tuple[str, ...], layer: str = "") -> Iterator[tuple[str, str]]:
    """The layers that are of these classes, or hold what is, and the module that each was made of, where one is named.

    RecursionError for a configuration that is nested too deep.
    """
    if isinstance(config, dict):
        named = config.get("config")
        named = {**config, **named} if isinstance(named, dict) else {}
        layer = str(named.get("name") or layer)
        kind = config.get("class_name")
        if (config.get("config") if kind == "function" else kind) in classes:
            yield layer, str(config.get("module") or "")
    for inner in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        yield from layers_of(inner, classes, layer)
