"""Protocol buffer messages built at run time from their published field numbers.

The generated stubs of tensorflow-serving-api import all of TensorFlow, which a load generator must not carry.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

Field = tuple[int, str]
"""Number and type: a scalar of `_SCALARS`, the name of a message of the same file, or `map<K,V>`; `*` repeats it."""

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "uint32": _FIELD.TYPE_UINT32,
    "uint64": _FIELD.TYPE_UINT64,
    "float": _FIELD.TYPE_FLOAT,
    "double": _FIELD.TYPE_DOUBLE,
    "bool": _FIELD.TYPE_BOOL,
}


def build(package: str, messages: Mapping[str, Mapping[str, Field]]) -> dict[str, type[message.Message]]:
    """Message classes by name, of one proto3 file with these messages and fields."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, fields in messages.items():
        _add_message(file.message_type.add(name=name), f".{package}", fields)
    # A pool of our own: where TensorFlow is loaded too (in tests), the default pool has these names already.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in messages}


def parsed(kind: type[message.Message], data: bytes) -> Any:
    """A message from its bytes; ValueError where they are none of this kind."""
    try:
        return kind.FromString(data)
    except message.DecodeError:
        raise ValueError(f"not a {kind.DESCRIPTOR.name}: {data[:80]!r}") from None


def _add_message(target: Any, scope: str, fields: Mapping[str, Field]) -> None:
    for name, (number, kind) in fields.items():
        repeated = kind.endswith("*") or kind.startswith("map<")
        label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
        field = target.field.add(name=name, number=number, label=label)
        if kind.startswith("map<"):
            field.type, field.type_name = _FIELD.TYPE_MESSAGE, _add_map_entry(target, scope, name, kind)
        else:
            _set_type(field, scope, kind.rstrip("*"))


def _add_map_entry(target: Any, scope: str, name: str, kind: str) -> str:
    """A map is repeated entries of a nested message whose name protobuf prescribes: `fooBar` for `foo_bar`."""
    key, value = kind.removeprefix("map<").removesuffix(">").split(",")
    entry_name = "".join(part.capitalize() for part in name.split("_")) + "Entry"
    entry = target.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    _add_message(entry, scope, {"key": (1, key), "value": (2, value)})
    return f"{scope}.{target.name}.{entry_name}"


def _set_type(field: Any, scope: str, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, f"{scope}.{kind}"
