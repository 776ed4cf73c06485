import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from serveoff.models.importing import protobuf_scan


def test_a_message_is_read_as_protobuf_wrote_it():
    struct = Struct()
    struct.update({"name": "a tensor", "number": 3.5})
    entries = protobuf_scan.all_of(memoryview(struct.SerializeToString()), 1)
    assert sorted(protobuf_scan.text(entry, 1) for entry in entries) == ["name", "number"]


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"\x0a\x05abc", "ends within a field of 5 bytes"),
        (b"\x0a", "ends within a number"),
        (b"\x0b", "no wire type 3"),
        (b"\x00\x01", "no field 0"),
        (b"\x08" + b"\xff" * 11, "too long"),
        (b"\x0a\xff\xff\xff\xff\x0f", "ends within a field"),
    ],
)
def test_a_broken_message_is_told_where(message, says):
    with pytest.raises(protobuf_scan.Malformed, match=says):
        list(protobuf_scan.fields(memoryview(message)))


def test_text_that_is_none_is_malformed():
    with pytest.raises(protobuf_scan.Malformed, match="not text"):
        protobuf_scan.text(memoryview(b"\x0a\x01\xff"), 1)
    with pytest.raises(protobuf_scan.Malformed, match="number, not bytes"):
        protobuf_scan.text(memoryview(b"\x08\x01"), 1)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_malformed(message):
    try:
        fields = list(protobuf_scan.fields(memoryview(message)))
    except protobuf_scan.Malformed:
        return
    assert sum(len(value) for _, value in fields if not isinstance(value, int)) <= len(message)
