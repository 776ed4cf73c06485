"""TensorFlow's own reading of a SavedModel: one of its signatures is the model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from serveoff.models.formats import savedmodel
from serveoff.models.frameworks.tensorflow_setup import precision_of
from serveoff.models.frameworks.tensorflow_setup import tensorflow as tf
from serveoff.models.importing.constants import array_of, is_state, require_inputs, value_of
from serveoff.models.importing.kinds.savedmodel import folder_of
from serveoff.models.importing.readers import tf_operators
from serveoff.models.importing.source import Found, Names, Port, Source
from serveoff.models.jobs.child import Refused
from serveoff.models.spec import ModelSpec
from serveoff.models.tensors import Array, Batch, carried, widened

RAW = (
    "export it with build_raw_serving_input_receiver_fn of tf.estimator.export, or with a signature that takes the "
    "numbers behind its parser"
)


class Model:
    """A signature, called by its inputs' names."""

    def __init__(self, source: Source) -> None:
        self._loaded = _loaded(str(folder_of(source.path)))
        if source.signature not in self._loaded.signatures:
            raise Refused(f"it has no signature {source.signature}, but {', '.join(self._loaded.signatures)}")
        self._signature: Any = self._loaded.signatures[source.signature]
        self._taken = dict(sorted(self._signature.structured_input_signature[1].items()))  # its own order is chance
        self._require_numbers(source.signature)
        self._constants = _constants(self._taken, source)
        ports = (_port(name, tensor) for name, tensor in self._taken.items() if name not in self._constants)
        self.found = Found(
            inputs=tuple(ports),
            outputs=tuple(sorted(self._signature.structured_outputs)),
            settable=True,
            precision=precision_of(self._signature.graph.as_graph_def()),
        )
        self.parameters = sum(int(v.shape.num_elements() or 0) for v in self._signature.graph.variables)

    def _require_numbers(self, signature: str) -> None:
        """Refused for strings, as estimators take them in tf.Example, where another signature takes none."""
        texts = [name for name, tensor in self._taken.items() if tensor.dtype == tf.string]
        others = [name for name, other in self._loaded.signatures.items() if not _takes_strings(other)]
        parsed = bool(texts) and tf_operators.parse_records(self._signature.graph.as_graph_def())
        if not (parsed or (texts and others)):
            return
        what = "takes tf.Example records" if parsed else "is string"
        raise Refused(
            f"the input {', '.join(texts)} of its signature {signature} {what}, which is not served",
            advice=f"name a signature that takes numbers: --signature {others[0]}" if others else RAW,
        )

    def predict(self, batch: Batch) -> dict[str, Array]:
        """Call the signature."""
        answer = self._call({name: tf.constant(array) for name, array in batch.items()})
        return {name: widened(answer[name].numpy()) for name in self.found.outputs}

    def _call(self, fed: Mapping[str, Any]) -> Any:
        cast = {name: tf.cast(rows, self._taken[name].dtype) for name, rows in fed.items()}
        return self._signature(**self._constants_for(cast), **cast)

    def _constants_for(self, fed: Mapping[str, Any]) -> dict[str, Any]:
        """The constants; a state's one row for as many rows as are fed."""
        states = [name for name in self._constants if is_state(_sizes(self._taken[name].shape) or ())]
        count = tf.shape(next(iter(fed.values())))[0] if states and fed else 1
        return {**self._constants, **{name: tf.repeat(self._constants[name], count, axis=1) for name in states}}

    def adopt(self, folder: Path, spec: ModelSpec, names: Names) -> None:
        """Save it again, with the signatures that are served: the user's is called by the spec's names."""

        def call(batch: Mapping[str, Any]) -> dict[str, Any]:
            answer = self._call({source: batch[name] for name, source in names.inputs.items()})
            return {name: answer[source] for name, source in names.outputs.items()}

        # The whole object as well: tables and the like are its, not the signature's.
        savedmodel.write(call, [*self._signature.graph.variables, self._loaded], spec, folder)


def _loaded(folder: str) -> Any:
    """The one graph of a SavedModel, or of several that for serving, on the processor."""
    with tf_operators.known():
        try:
            return tf.saved_model.load(folder)
        except ValueError:
            return tf.saved_model.load(folder, tags=[tf.saved_model.SERVING])


def _takes_strings(signature: Any) -> bool:
    return any(tensor.dtype == tf.string for tensor in signature.structured_input_signature[1].values())


def _constants(taken: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """The inputs of a signature that have one value for all requests."""
    require_inputs(source.constants, taken)
    given = {name: value_of(source.constants, name) for name in taken}
    return {
        name: tf.constant(array_of(name, taken[name].dtype.name, _sizes(taken[name].shape), value))
        for name, value in given.items()
        if value is not None
    }


def _port(name: str, tensor: Any) -> Port:
    return Port(name=name, dtype=carried(tensor.dtype.name), shape=_sizes(tensor.shape))


def _sizes(shape: Any) -> tuple[int, ...] | None:
    """A shape, -1 for each size that is free; None where not even its rank is known."""
    return None if shape.rank is None else tuple(-1 if size is None else size for size in shape.as_list())
