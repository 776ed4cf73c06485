"""The kinds of files a model may come in, one module each, found by its name.

A kind's module imports no framework: it says whether a file looks like its own, and checks its structure as far as that
can be told cheaply. What loads the file is the reader of the same name (serveoff.models.importing.readers), in a child
process.
"""

import importlib
import os
import pkgutil
import re
from pathlib import Path
from typing import Protocol, cast

from serveoff.models.importing.errors import bad_flag, no_model
from serveoff.models.importing.source import Source

AS_WEIGHTS = "give the module that they belong to: package.module:factory --weights FILE"
FREEZE = "freeze it with its checkpoint: tf.compat.v1.graph_util.convert_variables_to_constants, and import the .pb"
CHECKPOINT = (
    "is a checkpoint of TensorFlow, weights without a graph",
    "export a SavedModel where its model is built: model.load_weights('PREFIX') and model.export('FOLDER') in Keras; "
    f"of TensorFlow 1, {FREEZE}",
)
CONVERTED = "import the model that it was converted from"
UNPICKLE = (
    "write what it holds to another file where it was trained: skl2onnx.to_onnx(model, X[:1]) for scikit-learn, "
    "torch.save(module.state_dict(), 'weights.pt') for PyTorch"
)
HUB = (
    "write a factory, as def make(): return AutoModel.from_pretrained('{folder}'), and import that, "
    "package.module:make; or take the model.onnx that the hub may have of it"
)
OTHERS = {
    ".safetensors": ("holds weights without a model", AS_WEIGHTS),
    ".bin": ("holds weights without a model, as hubs keep them", AS_WEIGHTS),
    ".ckpt": ("is a checkpoint, weights without a model", f"{AS_WEIGHTS}; of TensorFlow, {FREEZE}"),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), ("is a pickle, which is a program: it is not loaded", UNPICKLE)),
    ".npz": ("holds arrays without a model", AS_WEIGHTS),
    ".gguf": ("is a language model for llama.cpp", f"{CONVERTED}, or serve it with llama.cpp"),
    ".tflite": (
        "is a model for TensorFlow Lite",
        f"{CONVERTED}; or run `python -m tf2onnx.convert --tflite FILE --output model.onnx`, and import that",
    ),
    **dict.fromkeys((".mlmodel", ".mlpackage"), ("is a model for Core ML", CONVERTED)),
    ".ort": ("is a model for one version of ONNX Runtime", f"{CONVERTED}, the .onnx"),
    ".ptl": ("is TorchScript for mobile devices", f"{CONVERTED}: what module.save('model.pt') writes"),
    ".mar": ("is an archive for TorchServe", "import the file of the model that went into it"),
    ".meta": ("is a graph of TensorFlow 1 without its weights", FREEZE),
    ".index": CHECKPOINT,
    **dict.fromkeys(
        (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"),
        ("is an archive, whose contents are not looked at", "unpack it, and import the file or folder in it"),
    ),
    ".pbtxt": (
        "is a graph as text",
        "write it in binary: tf.io.write_graph(graph, 'FOLDER', 'frozen_graph.pb', as_text=False)",
    ),
}
"""Files that people have and that are not imported: what they are by their suffix, and what to do."""
PART_OF_CHECKPOINT = re.compile(r"\.ckpt-\d+|\.data-\d+-of-\d+")
"""Suffixes of TensorFlow's: a checkpoint by its step, and a file of its weights."""


class Kind(Protocol):
    """What a kind's module offers."""

    NODE: str
    """The node of serveoff.models.convert that such a file becomes."""
    FRAMEWORK: str
    """The distribution that reads it."""
    CALLED: str
    """What people call such a file."""
    SAVE: str
    """How to write one that is whole."""

    def detect(self, path: str) -> bool:
        """Whether the argument names a file or folder of this kind, by its name and its first bytes."""

    def check(self, source: Source) -> None:
        """Look at the file's structure; ImportFailed where it is broken. Reads no more than the file holds."""


def names() -> list[str]:
    """Every kind there is, in the order of the alphabet."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(kind: str) -> Kind:
    """A kind's module; ImportFailed where there is no such kind."""
    if kind not in names():
        raise bad_flag(f"there is no kind of model {kind!r}", f"--kind takes {', '.join(names())}")
    return cast(Kind, importlib.import_module(f"{__name__}.{kind}"))


def node_of(source: Source) -> str:
    """The node that a model becomes: a graph where code that is run to import it alone would be needed to load it."""
    return "savedmodel" if source.trusted else find(source.kind).NODE


def detected(path: str) -> str:
    """The kind of the file or folder at `path`; ImportFailed where it is none of them."""
    try:
        found = [kind for kind in names() if find(kind).detect(path)]
    except PermissionError:
        raise no_model(
            f"{path} cannot be read: permission denied", f"have its owner let you: chmod +rx {path}"
        ) from None
    if found:
        return found[0]
    if ":" not in path and not os.path.exists(path) and not _is_prefix(path):
        raise no_model(f"there is no file or folder {path}", "check the path; it is relative to the current folder")
    what, advice = _other(Path(path))
    raise no_model(f"{path} {what}", advice)


def _other(path: Path) -> tuple[str, str]:
    """What a path is that is no model, and what to do instead."""
    if _is_prefix(str(path)) or PART_OF_CHECKPOINT.fullmatch(path.suffix):
        return CHECKPOINT
    if path.suffix in OTHERS:
        return OTHERS[path.suffix]
    inside = sorted(str(child) for child in path.iterdir()) if os.path.isdir(path) else []
    models = [child for child in inside if any(find(kind).detect(child) for kind in names())]
    is_of_hub = str(path / "config.json") in inside
    if is_of_hub:
        models = [model for model in models if Path(model).suffix == ".onnx"]  # weights have the other suffixes there
    if models:
        return "is a folder with a model in it", f"name the model itself: {models[0]}"
    if is_of_hub:
        return "is a folder of a hub: settings and weights of a network whose code is a library's", HUB.format(
            folder=path.absolute()
        )
    if str(path / "checkpoint") in inside:
        return CHECKPOINT
    kinds = "; ".join(f"{kind}: {find(kind).CALLED}" for kind in names())
    return "is not a model that can be imported", f"these can be: {kinds}. --kind names one outright"


def _is_prefix(path: str) -> bool:
    """Whether TensorFlow calls a checkpoint so: its files begin so, and none is called so."""
    return os.path.isfile(f"{path}.index") and not os.path.exists(path)
