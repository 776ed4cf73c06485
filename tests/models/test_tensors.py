from collections import namedtuple

import numpy as np
import pytest

from serveoff.models.spec import TensorSpec
from serveoff.models.tensors import as_specified, by_name, flattened, join, misfit, named, rows_of, split, take, zeros

TENSORS = (TensorSpec(name="a", shape=(-1, 2), dtype="float32"), TensorSpec(name="b", shape=(-1,), dtype="int64"))


@pytest.fixture
def batch():
    return {"a": np.arange(8, dtype=np.float32).reshape(4, 2), "b": np.arange(4)}


def test_a_batch_of_zeros_is_what_the_spec_says():
    found = zeros(TENSORS, rows=3)
    assert {name: (array.dtype.name, array.shape) for name, array in found.items()} == {
        "a": ("float32", (3, 2)),
        "b": ("int64", (3,)),
    }
    assert rows_of(found) == 3
    assert misfit(found, TENSORS) == ""


def test_rows_are_taken_from_each_array(batch):
    np.testing.assert_array_equal(take(batch, [2, 0])["a"], [[4, 5], [0, 1]])
    np.testing.assert_array_equal(take(batch, slice(1, 3))["b"], [1, 2])


def test_batches_are_joined_and_split_again(batch):
    parts = split(batch, [1, 3])
    assert [rows_of(part) for part in parts] == [1, 3]
    joined = join(parts)
    for name, array in batch.items():
        np.testing.assert_array_equal(joined[name], array)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"c": np.zeros(4)}, "it has a, b, c, not a, b"),
        ({"b": np.zeros(4, np.int32)}, r"b is int32\(4,\), not int64\(4,\)"),
        ({"a": np.zeros((4, 3), np.float32)}, r"a is float32\(4, 3\), not float32\(4, 2\)"),
        ({"b": np.arange(3)}, r"b is int64\(3,\), not int64\(4,\)"),
    ],
)
def test_what_is_no_batch_of_these_tensors_is_told(batch, change, problem):
    with pytest.raises(AssertionError, match=problem):
        assert misfit({**batch, **change}, TENSORS) == ""


def test_a_network_gives_one_tensor_several_in_order_or_a_dict():
    assert by_name("x", TENSORS[:1]) == {"a": "x"}
    assert by_name(("x", "y"), TENSORS) == by_name(["x", "y"], TENSORS) == {"a": "x", "b": "y"}
    assert by_name({"b": "y", "c": "z", "a": "x"}, TENSORS) == {"a": "x", "b": "y"}
    assert named(TENSORS, ["x", "y"]) == {"a": "x", "b": "y"}


def test_what_lies_in_a_structure_is_found_by_its_path_in_the_model_s_order():
    Boxes = namedtuple("Boxes", "xy class_")
    given = {"class": "x", "states": ("y", ["z", None]), "boxes": Boxes("v", "w"), "loss": None, "version": 3}
    paths = {"class": "x", "states/0": "y", "states/1/0": "z", "boxes/xy": "v", "boxes/class_": "w"}
    assert list(flattened(given).items()) == list(paths.items())
    assert flattened(("x", ("y", "z"))) == {"output_0": "x", "output_1/0": "y", "output_1/1": "z"}
    sourced = [TensorSpec(name=name, shape=(-1,), dtype="int64", source=source) for name, source in
               (("class_2", "class"), ("states_1_0", "states/1/0"))]  # fmt: skip
    assert by_name(given, sourced) == {"class_2": "x", "states_1_0": "z"}
    assert by_name(("x", "z"), sourced) == by_name({"states_1_0": "z", "class_2": "x"}, sourced)


@pytest.mark.parametrize(("given", "problem"), [(("x",), "1 outputs, not 2: a, b"), ({"a": "x"}, "gives a, not a, b")])
def test_a_network_that_gives_others_is_told(given, problem):
    with pytest.raises(ValueError, match=problem):
        by_name(given, TENSORS)


def test_answers_are_contiguous_and_of_the_specs_type():
    found = as_specified({"a": np.ones((2, 3)).T[:, ::-1], "b": np.int32([1, 2, 3])}, TENSORS)
    assert [(name, array.dtype.name, array.flags.c_contiguous) for name, array in found.items()] == [
        ("a", "float32", True),
        ("b", "int64", True),
    ]
