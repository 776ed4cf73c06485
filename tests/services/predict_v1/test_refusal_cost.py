"""What a refused body costs: memory in proportion to its bytes, whatever the model's rows are."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serveoff.models.spec import TensorSpec
from serveoff.services.predict_v1 import BadInputError, Codec

SHAPES = ((224, 224, 3), (28, 28, 1), (2, 2), (7,), ())
ONE = {shape: Codec([TensorSpec(name="x", shape=(-1, *shape), dtype="float32")]) for shape in SHAPES}
TOKENS = Codec([TensorSpec(name=name, shape=(-1, 4), dtype="int32") for name in ("tokens", "mask")])
MOST_TIMES, SPARE_BYTES = 8, 64 * 1024
BODY_BYTES = 100_000

SMALL_VALUES = ["[]", "{}", "0", "[0]", "[[0]]", '"ab"', "999", "null", "true", '{"":0}', '{"x":[]}', '{"x":0}']
SMALL_VALUES += [
    '{"b64":""}',
    '{"b64":"AA=="}',
    '{"tokens":[],"mask":[]}',
    "[[0,0],[0,0]]",
    "1e9",
    "-1",
    "[[0,0],[0,[]]]",
]


def peak_bytes(codec: Codec, body: bytes) -> int:
    """The most that Python and NumPy held at once while the body was refused."""
    tracemalloc.start()
    try:
        with pytest.raises(BadInputError):
            codec.decode_json(body)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def assert_cheap(codec: Codec, body: bytes) -> None:
    assert peak_bytes(codec, body) <= MOST_TIMES * len(body) + SPARE_BYTES


def test_empty_rows_for_a_large_picture_cost_no_pictures() -> None:
    assert_cheap(ONE[224, 224, 3], b'{"instances":[' + b",".join([b"[]"] * 8000) + b"]}")


@pytest.mark.parametrize("codec", [*ONE.values(), TOKENS])
@pytest.mark.parametrize("value", SMALL_VALUES)
def test_many_small_values_ending_in_a_wrong_one(codec: Codec, value: str) -> None:
    many = ",".join([value] * (BODY_BYTES // len(value)))
    for form in ('{"instances":[%s,"?"]}', '{"inputs":[%s,"?"]}', '{"instances":[{"x":[%s,"?"]}]}', '[%s,"?"]'):
        assert_cheap(codec, (form % many).encode())


@pytest.mark.parametrize("codec", [*ONE.values(), TOKENS])
@pytest.mark.parametrize("form", ['{"instances":%s}', '{"inputs":{"x":%s}}', '{"a":%s,"instances":[[1]],"b":[]}'])
def test_deep_nesting(codec: Codec, form: str) -> None:
    for depth in (900, BODY_BYTES // 2):
        assert_cheap(codec, (form % ("[" * depth + "]" * depth)).encode())


tree = st.recursive(
    st.sampled_from([0, 1, 0.5, 1e39, True, None, "", "ab", {"b64": ""}, {"b64": "AAAA"}]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["x", "tokens", "mask", "b64"]), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*ONE.values(), TOKENS]), tree, st.sampled_from(["instances", "inputs"]), st.booleans())
def test_any_value_over_and_over(codec: Codec, value: object, key: str, named: bool) -> None:
    text = json.dumps(value, separators=(",", ":"))
    many = ",".join([text] * (BODY_BYTES // (len(text) + 1)))
    rows = f'{{"x":[{many},"?"]}}' if named else f'[{many},"?"]'
    assert_cheap(codec, f'{{"{key}":{rows}}}'.encode())


@pytest.mark.parametrize("shape", [(2, 2), (7,), (28, 28, 1), ()])
def test_a_large_body_is_read_as_a_small_one_is(shape: tuple[int, ...]) -> None:
    rows = np.arange(20_000 // int(np.prod(shape)) * int(np.prod(shape)), dtype=np.float32).reshape(-1, *shape)
    for body in (json.dumps({"instances": rows.tolist()}), json.dumps({"inputs": rows.tolist()}, indent=1)):
        np.testing.assert_array_equal(ONE[shape].decode_json(body.encode()).batch["x"], rows)
    named = json.dumps({"instances": [{"x": row} for row in rows.tolist()]}).encode()
    decoded = ONE[shape].decode_json(named).batch["x"]
    np.testing.assert_array_equal(decoded, rows)
    assert decoded.flags.writeable


def test_the_first_wrong_row_of_a_large_body_is_named() -> None:
    body = json.dumps({"instances": [[[1, 2], [3, 4]]] * 5000 + [[[1, 2], [3]]] + [[[1, 2], [3, 4]]]}).encode()
    with pytest.raises(BadInputError, match="row 5000"):
        ONE[2, 2].decode_json(body)


def test_a_signature_of_characters_that_are_long_to_show() -> None:
    assert_cheap(ONE[()], ('{"signature_name":"%s\N{GRINNING FACE}","instances":[1]}' % ("\x7f" * BODY_BYTES)).encode())
