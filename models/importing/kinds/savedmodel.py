"""TensorFlow's SavedModel: a folder with saved_model.pb, and variables.

https://www.tensorflow.org/guide/saved_model
"""

import os
from pathlib import Path

from serveoff.models.importing import unvouched_files
from serveoff.models.importing.errors import bad_flag, damaged, no_model
from serveoff.models.importing.source import Source
from serveoff.models.protobuf_messages import build

NODE = "savedmodel"
FRAMEWORK = "tensorflow"
CALLED = "a SavedModel, a folder with saved_model.pb"

FILE = "saved_model.pb"
SAVE = "save it again: tf.saved_model.save, or model.export of Keras"
SIGN = (
    "save it with one: tf.saved_model.save(module, FOLDER, signatures=module.__call__.get_concrete_function("
    "tf.TensorSpec([None, SIZE], tf.float32)))"
)
MESSAGES = build(
    "serveoff.savedmodel",
    {
        "SavedModel": {"meta_graphs": (2, "MetaGraphDef*")},
        "MetaGraphDef": {"signature_def": (5, "map<string,bytes>")},
    },
)
INITIALISES = "__saved_model_init_op"
"""A signature that TensorFlow writes for itself."""


def detect(path: str) -> bool:
    """A folder with saved_model.pb, or with versions that have one; or that file itself."""
    return folder_of(path) is not None


def folder_of(path: str) -> Path | None:
    """The folder of the file: the one that is named, or its highest version, as TensorFlow Serving takes it."""
    named = Path(path).parent if Path(path).name == FILE else Path(path)
    if os.path.isfile(named / FILE):
        return named
    if not os.path.isdir(named):
        return None
    versions = [child for child in named.iterdir() if child.name.isdigit() and os.path.isfile(child / FILE)]
    return max(versions, key=lambda version: int(version.name), default=None)


def check(source: Source) -> None:
    """A whole protobuf message that has the signature, and its variables beside it."""
    folder = folder_of(source.path)
    if folder is None:
        raise no_model(f"{source.path} has no {FILE} in it", SAVE)
    file = folder / FILE
    graphs = unvouched_files.protobuf(file, MESSAGES["SavedModel"], SAVE).meta_graphs
    if not graphs:
        raise damaged(f"{file} is no SavedModel: it holds no graph", SAVE)
    signatures = {name for graph in graphs for name in graph.signature_def}
    if not (there := ", ".join(sorted(signatures - {INITIALISES}))):
        raise no_model(f"{file} has no signature: nothing in it says what a request holds", SIGN)
    if source.signature not in signatures:
        raise bad_flag(f"{file} has no signature {source.signature!r}", f"--signature names one of its own: {there}")
    _check_variables(folder)


def _check_variables(folder: Path) -> None:
    """An index goes with its data, `variables.data-00000-of-00001`: each of them, since a copy may lack some."""
    variables = folder / "variables"
    parts = sorted(variables.glob("variables.data-*-of-*")) if variables.is_dir() else []
    if not (variables / "variables.index").is_file():
        if parts:
            raise damaged(f"{variables} has data but no variables.index", SAVE)
        return
    expected = int(parts[0].name.rpartition("-")[2]) if parts and parts[0].name.rpartition("-")[2].isdigit() else 1
    if len(parts) != expected:
        raise damaged(f"{variables} has {len(parts)} of {expected} parts of its data", SAVE)
