"""What a client may ask about a model: the state of its versions, and its signatures."""

from collections.abc import Sequence
from typing import Any

from google.protobuf import json_format
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from serveoff.services.predict_v1 import quoted
from serveoff.services.tfserving.embedded.errors import Code, invalid_argument
from serveoff.services.tfserving.embedded.repository import VersionState
from serveoff.services.tfserving.embedded.servable import Servable

SIGNATURE_DEF = "signature_def"


def status_response(states: Sequence[tuple[int, VersionState]]) -> Any:
    """A GetModelStatusResponse."""
    response = get_model_status_pb2.GetModelStatusResponse()
    for version, state in states:
        entry = response.model_version_status.add(version=version, state=int(state.state))
        entry.status.error_code = int(state.error.code) if state.error else int(Code.OK)
        entry.status.error_message = str(state.error) if state.error else ""
    return response


def metadata_response(servable: Servable, fields: Sequence[str]) -> Any:
    """A GetModelMetadataResponse with the model's signatures, the only field there is."""
    if not fields:
        raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
    for name in fields:
        if name != SIGNATURE_DEF:
            raise invalid_argument(f"Metadata field {quoted(name)} is not supported")
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = servable.name
    response.model_spec.version.value = servable.version
    response.metadata[SIGNATURE_DEF].Pack(_signature_map(servable))
    return response


def status_json(states: Sequence[tuple[int, VersionState]]) -> bytes:
    """The same as JSON: versions are strings, every field is written."""
    return _to_json(status_response(states)).encode()


def metadata_json(servable: Servable) -> bytes:
    """`{"model_spec": ..., "metadata": {"signature_def": ...}}`."""
    spec = metadata_response(servable, [SIGNATURE_DEF]).model_spec
    signatures = _to_json(_signature_map(servable))
    return f'{{\n"model_spec":{_to_json(spec)},\n"metadata": {{"signature_def": {signatures}}}\n}}\n'.encode()


def _signature_map(servable: Servable) -> Any:
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, definition in servable.signature_defs.items():
        signatures.signature_def[name].CopyFrom(definition)
    return signatures


def _to_json(message: Any) -> str:
    text: str = json_format.MessageToJson(
        message, always_print_fields_with_no_presence=True, preserving_proto_field_name=True, indent=1
    )
    return text
