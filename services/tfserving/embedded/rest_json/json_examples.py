"""JSON examples of classify and regress requests to tf.Examples, and their results to JSON."""

from typing import Any

import numpy as np
from tensorflow.core.example import example_pb2, feature_pb2

from serveoff.services.predict_v1 import quoted
from serveoff.services.predict_v1.parsed import is_base64, is_list, is_object
from serveoff.services.tfserving.embedded.errors import invalid_argument
from serveoff.services.tfserving.embedded.example_inference import with_context
from serveoff.services.tfserving.embedded.rest_json.json_answer import to_json
from serveoff.services.tfserving.embedded.rest_json.request import Document
from serveoff.services.tfserving.embedded.rest_json.values import decode_base64, in_python, type_text, value_text

LARGEST_FLOAT = 3.4028234663852886e38
INT64 = 2**63


def serialized_examples(document: Document) -> list[bytes]:
    """The `examples` of a request, each with the optional `context`, as serialised tf.Examples."""
    context = _example(document["context"]) if "context" in document else b""
    if "examples" not in document:
        raise invalid_argument(
            f"JSON Value: {value_text(document)} When method is classify, key 'examples' is expected and was not found"
        )
    examples = document["examples"]
    if not is_list(examples):
        raise invalid_argument(f"JSON Value: {value_text(document)} Expecting 'examples' value to be an list/array")
    if not len(examples):
        raise invalid_argument(f"JSON Value: {value_text(document)} 'examples' value is an empty array")
    return with_context(context, [_example(example) for example in examples])


def classification_json(result: Any) -> bytes:
    """`{"results": [[["label", score], ...], ...]}`."""
    # As a numpy scalar a score has the digits of a float32, not of the float64 that Python made of it.
    rows = [[[c.label, np.float32(c.score)] for c in row.classes] for row in result.classifications]
    return to_json({"results": rows})


def regression_json(result: Any) -> bytes:
    """`{"results": [value, ...]}`."""
    return to_json({"results": [np.float32(regression.value) for regression in result.regressions]})


def _example(value: Any) -> bytes:
    if not is_object(value):
        raise invalid_argument(f"Example must be JSON object but got JSON {type_text(value)}")
    features = {name: _feature(name, content) for name, content in in_python(value).items()}
    if not features:  # not two bytes that say so: each of many would be an object of its own
        return b""
    return bytes(example_pb2.Example(features=feature_pb2.Features(feature=features)).SerializeToString())


def _feature(name: str, content: Any) -> Any:
    values = content if isinstance(content, list) else [content]
    if not values:
        return feature_pb2.Feature()
    kinds = [_kind(name, value) for value in values]
    for kind in kinds:
        if kind != kinds[0]:
            raise invalid_argument(f"Unexpected element type in feature: {quoted(name)} expecting type: {kinds[0]}")
    if kinds[0] == "bytes":
        encoded = [decode_base64(v) if isinstance(v, dict) else v.encode() for v in values]
        return feature_pb2.Feature(bytes_list=feature_pb2.BytesList(value=encoded))
    if kinds[0] == "float":
        return feature_pb2.Feature(float_list=feature_pb2.FloatList(value=values))
    return feature_pb2.Feature(int64_list=feature_pb2.Int64List(value=[int(v) for v in values]))


def _kind(name: str, value: Any) -> str:
    """Which of tf.Feature's three lists a JSON value belongs to."""
    if isinstance(value, str) or is_base64(value):
        return "bytes"
    if isinstance(value, float):
        if abs(value) > LARGEST_FLOAT:
            raise invalid_argument(f"Cannot convert JSON value: {value!r} to float without loss of precision.")
        return "float"
    if isinstance(value, int):
        if not -INT64 <= value < INT64:
            raise invalid_argument(f"Feature: {quoted(name)} has uint64 element. Only int64 is supported.")
        return "int64"
    raise invalid_argument(f"Feature: {quoted(name)} has element with unexpected JSON type: {type_text(value)}")
