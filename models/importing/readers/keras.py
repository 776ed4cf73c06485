"""Keras' own reading of its files. Its safe mode refuses code in a file; what a user trusts is run here alone."""

import inspect
import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import h5py

from serveoff.models.agreement import coarsest
from serveoff.models.formats import savedmodel
from serveoff.models.frameworks.keras_calling import Network, as_declared
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing import user_code
from serveoff.models.importing.kinds.keras import (
    LAMBDA_ADVICE,
    SAVE,
    TRUSTED_LAMBDA,
    is_hdf5,
    layers_of,
    untrusted,
)  # fmt: skip
from serveoff.models.importing.readers import keras_2
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.jobs.child import Refused, note
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch, carried, fields, flattened, widened

import keras  # isort: skip  after TensorFlow was told to be quiet

FILE, INPUTS = "model.keras", "inputs.json"
"""As serveoff.models.loading.keras_network reads them."""
UNKNOWN = re.compile(
    r"Could not locate (?:class|function) '([^']+)'|Unknown [\w ]+: '([^']+)'"
    r"|'([^']+)' because its parent module \S+ cannot be imported"
)
"""What Keras says of a name that it does not know."""
NOWHERE = ("", "builtins", "__main__")
"""Modules that Keras names where it does not know one, or where a script was run."""
SAME_VALUES: Final = {"Cast", "ExpandDims", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose"}
"""Keras' operations and layers that leave numbers what they are."""
EXPORT = "import what model.export('folder') writes where the model was made: --kind savedmodel"


class Model:
    """A Keras model, called eagerly."""

    def __init__(self, source: Source) -> None:
        self._source, config = source, _config(source.path)
        adapted = keras_2.adapt(config)
        self._as_it_is = not adapted and not is_hdf5(source.path)
        self._model: Any = _loaded(source, config, adapted=adapted)
        inputs = getattr(self._model, "inputs", None) or []
        fixed = _fixed_rows(inputs)
        below = zip(inputs, _ids(self._model) if inputs else (), strict=True)
        ports = tuple(_port(tensor, ids, fixed) for tensor, ids in below) or _undescribed(self._model)
        computed = {str(layer.compute_dtype) for layer in self._model._flatten_layers()}
        self._paths = _paths(self._model)
        places = self._paths if len(self._paths) > 1 else {}
        self.found = Found(inputs=ports, precision=coarsest(computed), fixed=fixed, paths=places)
        self.parameters = int(self._model.count_params())
        _tell_of_training(self._model)

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Call the model as it is called to predict: outputs by path, in its own order, or by the layers of a list."""
        tensors = [tf.constant(batch[port.name]) for port in self.found.inputs]
        structure = self._model.input if len(tensors) > 1 else None
        packed = tensors[0] if structure is None else keras.tree.pack_sequence_as(structure, tensors)
        answer = self._model(packed, training=False)
        flat = {path: widened(tensor.numpy()) for path, tensor in flattened(answer).items()}
        return {name: flat[path] for name, path in self._paths.items()} if self._paths else flat

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """The file itself, and beside it what it calls its inputs, where the spec calls them otherwise.

        Code that is trusted is run in an import alone: then it is a graph.
        """
        if self._source.trusted:
            arrange = as_declared(self._model, spec, names.inputs)
            savedmodel.save(Network(self._model, arrange, spec), folder)
            return
        if self._as_it_is:
            shutil.copyfile(self._source.path, folder / FILE)
        else:
            self._model.save(folder / FILE)
        if any(name != own for name, own in names.inputs.items()):
            (folder / INPUTS).write_text(json.dumps(names.inputs, indent=2) + "\n")


def _loaded(source: Source, config: Any, *, adapted: bool) -> Any:
    """The model of a configuration, which may have been adapted; Refused names what the file has no code of."""
    if problem := untrusted(config, source):
        raise Refused(problem, advice=LAMBDA_ADVICE)
    safe = TRUSTED_LAMBDA not in source.trusted
    try:
        with keras_2.readable(source.path, config, adapted=adapted) as path:
            return keras.saving.load_model(path, _trusted(source), compile=False, safe_mode=safe)
    except (TypeError, ValueError) as error:
        unknown = UNKNOWN.search(str(error))
        if unknown is None:
            raise
        raise _without_code(next(filter(None, unknown.groups())), config) from None


def _without_code(called: str, config: Any) -> Refused:
    """Which layer needs a class or function that Keras has not, and where that may come from."""
    name = called.rpartition(">")[2]
    layer, module = next(iter(layers_of(config, (name, called))), ("", ""))
    whose, package = f"its layer {layer} needs" if layer else "it needs", module.partition(".")[0]
    if name in keras_2.OPERATIONS:
        what = f"its layer {layer} is an operation of TensorFlow, a {name}, as Keras 2 alone has them"
        return Refused(what, advice=keras_2.EXPORT)
    if package in keras_2.LIBRARIES:
        return Refused(f"{whose} {name} of {package}, which is not installed", advice=f"run `pip install {package}`")
    if package in keras_2.PACKAGES:
        return Refused(f"{whose} {name} of {module}, which Keras 3 has not", advice=keras_2.EXPORT)
    return Refused(
        f"{whose} {name}, which is not of Keras: its code is not in the file",
        advice="name your module that defines it, to have it imported: --trust-code "
        + (module if module not in NOWHERE else "MODULE"),
    )


def _config(path: str) -> Any:
    """The architecture; Refused where a file holds none."""
    if not is_hdf5(path):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    with h5py.File(path, "r") as file:
        config = file.attrs.get("model_config")
    if config is None:
        raise Refused("it holds weights without a model", advice="build the model, load_weights, and " + SAVE)
    return json.loads(config)


def _trusted(source: Source) -> dict[str, Any]:
    """What the modules define that the user trusts; they are imported by that, and may register more with Keras."""
    found = dict[str, Any]()
    for name in source.trusted:
        if name != TRUSTED_LAMBDA:
            found |= vars(_imported(name, source.search))
    return {name: value for name, value in found.items() if callable(value) and not name.startswith("__")}


def _imported(name: str, search: Sequence[str]) -> ModuleType:
    try:
        return user_code.modules_of(name, search).import_module(name)
    except ImportError as error:
        where = "go to the folder that it lies in, or name that in PYTHONPATH"
        raise Refused(f"--trust-code {name} cannot be imported: {error}", advice=where) from error


def _undescribed(model: Any) -> tuple[Port, ...]:
    """The one input of a subclassed model, which knows no shape of it; Refused where there are several."""
    names = [name for name in inspect.signature(model.call).parameters if name not in ("training", "mask", "kwargs")]
    if len(names) != 1:
        raise Refused("it does not know its inputs: it is a subclassed model, or was never built", advice=EXPORT)
    return (Port(name=names[0]),)


def _fixed_rows(inputs: Sequence[Any]) -> int:
    """The number of rows that all inputs are for; 0 where that is free. Keras itself checks none when it is called."""
    sizes = {tensor.shape[0] for tensor in inputs if tensor.shape}
    rows = sizes - {None}
    return int(rows.pop()) if len(rows) == 1 and (None not in sizes or rows == {1}) else 0


def _port(tensor: Any, below: int, fixed: int) -> Port:
    shape = tuple(-1 if size is None else int(size) for size in tensor.shape)
    shape = (-1, *shape[1:]) if fixed and shape[:1] == (fixed,) else shape
    return Port(name=tensor.name, dtype=carried(str(tensor.dtype)), shape=shape, below=below)


def _ids(model: Any) -> list[int]:
    """Of each input the least number of ids that embeddings have which take it, also those of a model in it; else 0."""
    found = dict[int, int]()
    for layer in model.layers:
        below = [layer.input_dim] if isinstance(layer, keras.layers.Embedding) else []
        if isinstance(layer, keras.Model) and getattr(layer, "inputs", None):
            below = _ids(layer)
        for node in layer._inbound_nodes if any(below) else ():
            for tensor, ids in zip(node.input_tensors, below, strict=False):
                for same in _of_same_values(tensor):
                    found[id(same)] = min(filter(None, (ids, found.get(id(same), 0))), default=0)
    return [found.get(id(tensor), 0) for tensor in model.inputs]


def _of_same_values(tensor: Any) -> Iterator[Any]:
    """A tensor, and all that only a cast or another shape lies between."""
    yield tensor
    operation, node, _ = tensor._keras_history
    if type(operation).__name__ in SAME_VALUES:
        yield from _of_same_values(operation._inbound_nodes[node].input_tensors[0])


def _paths(model: Any) -> dict[str, str]:
    """Of outputs in lists, which have no names: those of their layers to their places; empty for others."""
    if not getattr(model, "outputs", None):
        return {}
    answer = model.outputs[0] if isinstance(model, keras.Sequential) else model.output
    if not _unnamed(answer):
        return {}
    flat = flattened(answer)
    return dict(zip(_unique(list(map(_made_by, flat.values()))), flat, strict=True))


def _unnamed(answer: Any) -> bool:
    """Whether an answer is a tensor or in lists, so that nothing in it has a name."""
    return fields(answer) is None and (not isinstance(answer, tuple | list) or all(map(_unnamed, answer)))


def _made_by(tensor: Any) -> str:
    """The layer that makes an output; `output` for an operation between layers, which has no name of its own."""
    maker = tensor._keras_history.operation
    return str(maker.name) if isinstance(maker, keras.Layer) else "output"


def _unique(names: Sequence[str]) -> list[str]:
    """`encoder`, `encoder:1`, `encoder:2` for three outputs of one layer."""
    counts = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name}:{count}" if count else name for name, count in zip(names, counts, strict=True)]


def _tell_of_training(model: Any) -> None:
    """Since Keras 3, predicting overrides what a layer's call says of training."""
    layers = [layer for layer in model._flatten_layers() if layer is not model]
    calls = ((layer.name, node.arguments.kwargs) for layer in layers for node in layer._inbound_nodes)
    if names := sorted({name for name, flags in calls if flags.get("training") is True}):
        note(
            f"layer {', '.join(names)} is called with training=True, which model.predict of Keras 3 overrides, and "
            "so do all formats: nothing is dropped, and batches are normalised by the averages of the training"
        )
