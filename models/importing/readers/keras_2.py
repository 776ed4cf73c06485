"""What files of Keras 2 hold that Keras 3 does not read: arguments that say nothing, and TensorFlow's operations."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from serveoff.models.importing.kinds.keras import HDF5_SUFFIXES

OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
"""Layers that Keras 2 makes of TensorFlow's operations between layers."""
EXPORT = "in the Keras 2 that wrote it, call model.export('folder'), and import that folder"
DROPPED: dict[str, dict[str, Any]] = {
    "SimpleRNN": {"time_major": False},
    "GRU": {"time_major": False},
    "LSTM": {"time_major": False},
    "RNN": {"time_major": False},
    "DepthwiseConv2D": {"groups": 1},
}
"""Arguments that Keras 3 does not know, at the values at which they say nothing, by the layers that have them."""


@contextmanager
def readable(path: str, config: Any) -> Iterator[str]:
    """The HDF5 file to read in place of this one, of this configuration: without what says nothing, and called so."""
    if not _drop(config) and Path(path).suffix in HDF5_SUFFIXES:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"model{HDF5_SUFFIXES[0]}"
        shutil.copyfile(path, copy)
        with h5py.File(copy, "r+") as file:
            file.attrs["model_config"] = json.dumps(config)
        yield str(copy)


def _drop(config: Any) -> bool:
    """Take such arguments out of a configuration, in place; whether there were any."""
    inner = config.values() if isinstance(config, dict) else config if isinstance(config, list) else ()
    found = [_drop(each) for each in inner]
    own = config.get("config") if isinstance(config, dict) else None
    if not isinstance(own, dict):
        return any(found)
    dropped = DROPPED.get(str(config.get("class_name")), {})
    said = [name for name, value in dropped.items() if name in own and own[name] == value]
    for name in said:
        del own[name]
    return any(found) or bool(said)
