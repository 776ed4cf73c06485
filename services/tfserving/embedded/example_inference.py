"""Classify and regress tf.Examples: the same batch of serialised examples for one signature or several.

After TensorFlow Serving's classifier.cc, regressor.cc and multi_inference.cc.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tensorflow_serving.apis import classification_pb2, regression_pb2

from serveoff.services.predict_v1 import quoted
from serveoff.services.tfserving.embedded.errors import Code, ServingError, failed_precondition, invalid_argument
from serveoff.services.tfserving.embedded.inference import Runner
from serveoff.services.tfserving.embedded.servable import Servable
from serveoff.services.tfserving.embedded.signatures import CLASSIFY, DEFAULT_SIGNATURE, REGRESS, Array, Signature

MOST_BYTES = 2**28
"""Of the contexts of all examples: a short request can ask for a long one in front of each of many."""


def with_context(context: bytes, examples: Sequence[bytes]) -> list[bytes]:
    """Serialised tf.Examples, each with the context in front; INVALID_ARGUMENT where that takes over MOST_BYTES.

    Protobuf merges the features of two messages written one after the other.
    """
    if len(context) * len(examples) > MOST_BYTES:
        raise invalid_argument(f"A context of {len(context)} bytes is too long for {len(examples)} examples")
    return [context + example for example in examples]


def example_signature(servable: Servable, name: str, method: str) -> Signature:
    """The signature that classifies or regresses; ServingError where the model has none of that name for it."""
    signature = servable.signatures.get(name or DEFAULT_SIGNATURE)
    if signature is None:
        raise invalid_argument(f"No signature was found with the name: {quoted(name or DEFAULT_SIGNATURE)}")
    _check_example_signature(signature, method)
    return signature


def infer(servable: Servable, name: str, method: str, examples: Sequence[bytes], run: Runner) -> Any:
    """Classify or regress serialised tf.Examples, as `method` says: a ClassificationResult or a RegressionResult."""
    signature = example_signature(servable, name, method)
    return RESULTS[method](signature, len(examples), _one_shot(servable, [signature], examples, run))


def multi_inference(
    servable: Servable, tasks: Sequence[tuple[str, str]], examples: Sequence[bytes], run: Runner
) -> list[Any]:
    """Several (signature name, method) over the same examples in one run: a result per task."""
    names = [name or DEFAULT_SIGNATURE for name, _ in tasks]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise invalid_argument(f"Duplicate evaluation of signature: {quoted(name)}")
        if name not in servable.signatures:
            raise invalid_argument(f"Requested signature not found in model graph: {quoted(name)}")
    for _, method in tasks:
        if method not in RESULTS:
            raise ServingError(Code.UNIMPLEMENTED, f"Unsupported signature method_name: {quoted(method)}")
    signatures = [servable.signatures[name] for name in names]
    methods = [method for _, method in tasks]
    for signature, method in zip(signatures, methods, strict=True):
        _check_example_signature(signature, method)
    outputs = _one_shot(servable, signatures, examples, run)
    return [RESULTS[m](s, len(examples), outputs) for s, m in zip(signatures, methods, strict=True)]


def classification_result(signature: Signature, count: int, outputs: Mapping[str, Array]) -> Any:
    """Labels and scores, (batch, classes) each, either may be missing, as a ClassificationResult."""
    classes, scores = (
        _matrix(signature, alias, kind, count, outputs) for alias, kind in (("classes", "O"), ("scores", "f"))
    )
    if classes is not None and scores is not None and classes.shape != scores.shape:
        raise invalid_argument(
            f"Tensors class and score should match in dim_size(1). Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    result = classification_pb2.ClassificationResult()
    width = next(m.shape[1] for m in (classes, scores) if m is not None)
    for row in range(count):
        one = result.classifications.add()
        for column in range(width):
            label = classes[row, column] if classes is not None else b""
            score = scores[row, column] if scores is not None else 0.0
            one.classes.add(label=label.decode(errors="replace"), score=float(score))
    return result


def regression_result(signature: Signature, count: int, outputs: Mapping[str, Array]) -> Any:
    """One value per example, (batch,) or (batch, 1), as a RegressionResult."""
    values = outputs[signature.outputs["outputs"].name]
    if values.ndim not in (1, 2) or (values.ndim == 2 and values.shape[1] != 1):
        raise invalid_argument(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {list(values.shape)}"
        )
    if len(values) != count:
        raise invalid_argument(f"Input batch size did not match output batch size: {count} vs. {len(values)}")
    if values.dtype != np.float32:
        raise invalid_argument(f"Expected output Tensor of DT_FLOAT.  Got: {values.dtype.name}")
    result = regression_pb2.RegressionResult()
    for value in values.ravel().tolist():
        result.regressions.add(value=value)
    return result


RESULTS = {CLASSIFY: classification_result, REGRESS: regression_result}


def _one_shot(
    servable: Servable, signatures: Sequence[Signature], examples: Sequence[bytes], run: Runner
) -> dict[str, Array]:
    """Feed the examples to every signature's input and fetch every signature's outputs, by their names in the graph.

    Signatures that TF2 wrote have an input each, those of TF1 often share one.
    """
    if not examples:
        raise invalid_argument("Input is empty.")
    feeds = sorted({signature.inputs["inputs"].name for signature in signatures})
    fetches = sorted({info.name for signature in signatures for info in signature.outputs.values()})
    batch = np.array(examples, dtype=object)
    return dict(zip(fetches, run(servable, feeds, [batch] * len(feeds), fetches), strict=True))


def _check_example_signature(signature: Signature, method: str) -> None:
    kind = "classification" if method == CLASSIFY else "regression"
    if signature.checks_method and signature.method != method:
        raise invalid_argument(f"Expected {kind} signature method_name to be {method}. Was: {signature.method}")
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if method == REGRESS and len(signature.outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    if method == CLASSIFY and len(signature.outputs) not in (1, 2):
        raise invalid_argument(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    if "inputs" not in signature.inputs:
        raise failed_precondition(f"No {kind} inputs found in SignatureDef: {signature.name}")
    expected = {"classes", "scores"} if method == CLASSIFY else {"outputs"}
    if not expected & signature.outputs.keys():
        raise failed_precondition(
            f"Expected {kind} signature outputs to contain at least one of {sorted(expected)}. "
            f"Signature was: {signature.name}"
        )


def _matrix(signature: Signature, alias: str, kind: str, count: int, outputs: Mapping[str, Array]) -> Array | None:
    info = signature.outputs.get(alias)
    if info is None:
        return None
    matrix = outputs[info.name]
    if matrix.ndim != 2:
        raise invalid_argument(f"Expected Tensor shape: [batch_size num_classes] but got {list(matrix.shape)}")
    if matrix.dtype.kind != kind:
        wanted = "DT_STRING" if kind == "O" else "DT_FLOAT"
        raise invalid_argument(f"Expected {alias} Tensor of {wanted}. Got: {matrix.dtype.name}")
    if len(matrix) != count:
        raise invalid_argument(f"Expected {alias} output batch size of {count}. Got: {len(matrix)}")
    return matrix
