"""What files of Keras 2 hold that Keras 3 does not read: arguments, names of its own, TensorFlow's operations."""

import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from serveoff.models.importing.kinds.keras import HDF5_SUFFIXES, is_hdf5

OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
"""Layers that Keras 2 makes of TensorFlow's operations between layers."""
EXPORT = "in the Keras 2 that wrote it, call model.export('folder'), and import that folder"
PACKAGES = ("keras", "tf_keras")
LIBRARIES = ("keras_hub", "keras_cv", "keras_nlp")
"""Libraries of layers, whose classes Keras imports by itself, where they are installed."""
SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
ENGINE = re.compile(r"(?:tf_)?keras(?:\.src)?\.engine\.(functional|sequential)")
"""Where Keras 2 has what Keras 3 has in keras.src.models."""
DROPPED: dict[str, dict[str, Any]] = {
    **{layer: {"time_major": False} for layer in ("SimpleRNN", "GRU", "LSTM", "RNN")},
    **{layer: {"groups": 1} for layer in ("DepthwiseConv1D", "DepthwiseConv2D", *SEPARABLE)},
    **{f"Conv{axes}DTranspose": {"groups": 1} for axes in (1, 2, 3)},
}
"""Arguments that Keras 3 does not know, at the values at which they say nothing, by the layers that have them."""
UNUSED = dict.fromkeys(SEPARABLE, ("kernel_initializer", "kernel_regularizer", "kernel_constraint"))
"""The same, of arguments that say nothing whatever they are: these layers have no such weight."""
SHAPED = "batch_input_shape"
"""What the first layer of a Sequential repeats of the InputLayer before it."""


@contextmanager
def readable(path: str, config: Any, *, adapted: bool) -> Iterator[str]:
    """The file to read in place of this one, whose configuration may have been adapted; called as its kind is."""
    hdf5 = is_hdf5(path)
    if not adapted and (not hdf5 or Path(path).suffix in HDF5_SUFFIXES):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / ("model.h5" if hdf5 else "model.keras")
        (_copy_hdf5 if hdf5 else _copy_zip)(path, copy, json.dumps(config))
        yield str(copy)


def _copy_hdf5(path: str, copy: Path, config: str) -> None:
    shutil.copyfile(path, copy)
    with h5py.File(copy, "r+") as file:
        file.attrs["model_config"] = config


def _copy_zip(path: str, copy: Path, config: str) -> None:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        new.writestr("config.json", config)
        for member in old.infolist():
            if member.filename != "config.json":
                with old.open(member) as read, new.open(member.filename, "w", force_zip64=True) as written:
                    shutil.copyfileobj(read, written)


def adapt(config: Any) -> bool:
    """Put a configuration in Keras 3's words, in place; whether it was in others."""
    inner = config.values() if isinstance(config, dict) else config if isinstance(config, list) else ()
    found = [adapt(each) for each in inner]
    if isinstance(config, dict):
        found += [_renamed(config), _reduced(config)]
    return any(found)


def _renamed(config: dict[str, Any]) -> bool:
    """Give a network, and a policy of dtypes, the names that they have today."""
    own, module = config.get("config"), config.get("module")
    if config.get("class_name") == "Policy" and isinstance(own, dict) and own.keys() == {"name"}:
        config |= {"class_name": "DTypePolicy", "module": "keras"}
        return True
    if not isinstance(module, str) or (found := ENGINE.fullmatch(module)) is None:
        return False
    config["module"] = f"keras.src.models.{found[1]}"
    return True


def _reduced(config: dict[str, Any]) -> bool:
    """Take out of a layer's arguments what says nothing."""
    own, kind = config.get("config"), str(config.get("class_name"))
    if not isinstance(own, dict):
        return False
    said = [name for name, value in DROPPED.get(kind, {}).items() if name in own and own[name] == value]
    said += [name for name in UNUSED.get(kind, ()) if name in own]
    said += [SHAPED] if SHAPED in own and "module" in config and kind != "InputLayer" else []
    for name in said:
        del own[name]
    axis = own.get("axis")
    if kind == "BatchNormalization" and "module" in config and isinstance(axis, list) and len(axis) == 1:
        own["axis"] = axis[0]
        return True
    return bool(said)
