"""Equal answers read alike, whatever they came in; what differs anywhere differs in its reading."""

import json
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serveoff.loadtests.attached.reading import ANSWER, at, document, packed, reading, unpacked
from serveoff.models.agreement import Mismatch, compare

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(width=32) | st.text(max_size=90)
KEYS = st.text(st.sampled_from("ab.[0]='/"), max_size=4)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


def agrees(found, expected):
    try:
        return not compare(found, expected).wrong.any()
    except Mismatch:
        return False


@given(DOCUMENTS)
def test_every_document_has_a_reading_of_one_row_that_survives_packing(found):
    read = reading(found)
    assert read
    assert all(len(array) == 1 and array.dtype.kind in "biuf" for array in read.values())
    (back,) = unpacked(packed([read]))
    assert same(back, read)
    assert {name: array.dtype for name, array in back.items()} == {name: array.dtype for name, array in read.items()}


@given(DOCUMENTS)
def test_a_reading_is_that_of_the_json_text(found):
    assert same(reading(document(json.dumps(found).encode())), reading(found))


@given(st.lists(DOCUMENTS, min_size=1, max_size=4))
def test_readings_are_packed_in_order(found):
    readings = list(map(reading, found))
    assert all(map(same, unpacked(packed(readings)), readings))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6), st.integers(0, 5), st.floats(1, 10))
def test_a_number_that_is_off_is_seen(numbers, place, off):
    place %= len(numbers)
    other = [number + off * max(1, max(map(abs, numbers))) * (n == place) for n, number in enumerate(numbers)]
    assert agrees(reading(numbers), reading(numbers))
    assert not agrees(reading(other), reading(numbers))


@given(st.text(max_size=200), st.text(max_size=200))
def test_texts_agree_where_they_are_equal(one, other):
    assert agrees(reading({"label": one, "score": 1.0}), reading({"label": other, "score": 1.0})) == (one == other)


@pytest.mark.parametrize(
    "found",
    [
        [0.1, 0.9],
        [[0.1, 0.9]],
        {"predictions": [[0.1, 0.9]]},
        {"outputs": {"p": [0.1, 0.9]}},
        np.array([[0.1, 0.9]]),
        {"dense/Softmax:0": np.array([[0.1, 0.9]])},
    ],
)
def test_one_output_is_called_the_same_wherever_it_stands(found):
    read = reading(found)
    assert list(read) == [ANSWER]
    np.testing.assert_array_equal(read[ANSWER], [[0.1, 0.9]])


@pytest.mark.parametrize("found", [0.7, [0.7], [[0.7]], {"score": 0.7}, np.array([[0.7]])])
def test_a_scalar_is_one_number_a_row(found):
    np.testing.assert_array_equal(reading(found)[ANSWER], [0.7])


def test_several_outputs_keep_their_names():
    read = reading([{"boxes": [[1, 2], [3, 4]], "label": "cat", "more": {"found": True, "why": None}}])
    assert list(read) == ["boxes", "label='cat'", "more.found", "more.why=None"]
    assert (read["boxes"].dtype, read["boxes"].shape, read["more.found"].dtype) == (np.int64, (1, 2, 2), np.bool_)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0]),
        ([[1.0], [1.0, 2.0]], [[1.0, 2.0], [1.0]]),
        ({"a": [1.0], "b": [2.0]}, {"a": [2.0], "b": [1.0]}),
        ({"a": 1.0, "b": 1.0}, {"a": 1.0, "c": 1.0}),
        ({"a": {"b": 1}, "c": 1}, {"a.b": 1, "c": 1}),
        ({"a": None, "b": 1}, {"a": "None", "b": 1}),
        ([{"label": "cat", "score": 0.9}, {"label": "dog", "score": 0.1}], [{"label": "dog", "score": 0.9}] * 2),
        (["a", "b"], ["b", "a"]),
        ([], [1.0]),
        ({}, []),
        ("x" * 100 + "a", "x" * 100 + "b"),
        (2**63, 2**63 + 1),
        (1, 2),
        (True, False),
    ],
)
def test_what_differs_is_seen(one, other):
    assert agrees(reading(one), reading(one))
    assert not agrees(reading(one), reading(other))


def test_rounding_is_no_difference_and_another_class_is():
    assert agrees(reading([0.1, 0.9]), reading(np.array([[0.1, 0.9]], np.float32)))
    assert not agrees(reading([0.51, 0.49]), reading([0.49, 0.51]))


def test_numbers_that_json_does_not_have_are_read():
    np.testing.assert_array_equal(reading(document(b"[NaN, Infinity, 1]"))[ANSWER], [[np.nan, np.inf, 1]])


def test_what_is_no_json_is_said_with_its_beginning():
    with pytest.raises(ValueError, match=r"not JSON.*<html>busy"):
        document(b"<html>busy")


def test_brackets_without_end_are_no_answer():
    for text in (b"[" * 100_000, b"[" * 100_000 + b"Infinity", b"[" * 900 + b'"a"' + b"]" * 900):
        with suppress(ValueError):
            assert reading(document(text))


def test_texts_beside_a_long_one_take_no_more_than_they_have():
    found = ["a"] * 2_000 + ["b" * 100_000]
    tracemalloc.start()
    try:
        assert len(reading({"labels": found, "n": 1})) == len(found) + 1
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_path_finds_a_part_or_says_what_there_is():
    found = {"result": {"scores": [1.0, 2.0]}, "took_ms": 3}
    assert at("result.scores[1]", found) == 2.0
    with pytest.raises(ValueError, match=r"nothing at 'scores'.*result, took_ms"):
        at("scores", found)
    with pytest.raises(ValueError, match=r"'scores\[' finds nothing"):
        at("scores[", found)


@pytest.mark.parametrize("text", ["", "!", "bm9uc2Vuc2U="])
def test_what_holds_no_readings_is_an_error(text):
    with pytest.raises(ValueError, match=r".+"):
        unpacked(text)
