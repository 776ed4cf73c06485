import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serveoff.models.importing.source import identifiers, parsed, written
from serveoff.models.spec import TensorSpec


@pytest.mark.parametrize(
    ("text", "tensor"),
    [
        ("image:float32[-1,28,28,1]", TensorSpec(name="image", shape=(-1, 28, 28, 1), dtype="float32")),
        ("import/x:0:int64[-1]", TensorSpec(name="import/x:0", shape=(-1,), dtype="int64")),
        (" t : bool [ -1 , 2 ] ", TensorSpec(name="t", shape=(-1, 2), dtype="bool")),
    ],
)
def test_an_input_is_written_as_name_dtype_and_shape(text, tensor):
    assert parsed(text) == tensor
    assert parsed(written(tensor)) == tensor


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image", "is not NAME:DTYPE"),
        ("image:complex64[-1,2]", "complex64 is none of"),
        ("image:float32[28,28]", "begins with -1"),
        ("image:float32[]", "begins with -1"),
        ("image:float32[-1,0]", "at least 1"),
        ("image:float32[-1,-1]", "at least 1"),
    ],
)
def test_what_is_no_input_is_told_why(text, says):
    with pytest.raises(ValueError, match=says.replace("[", r"\[")):
        parsed(text)


def test_names_of_frameworks_become_identifiers_that_differ():
    names = ["import/x:0", "import_x", "a.weight", "2d", "class", "/", "x:1"]
    assert identifiers(names) == {
        "import_x": "import/x:0", "import_x_2": "import_x", "a_weight": "a.weight", "t_2d": "2d",
        "t_class": "class", "tensor": "/", "x_1": "x:1",
    }  # fmt: skip


def test_an_output_is_not_called_as_an_input_is():
    assert identifiers(["x"], taken=["x"]) == {"x_2": "x"}


def test_an_output_may_be_called_as_a_keyword():
    assert identifiers(["class", "box-xy"], called=False) == {"class": "class", "box_xy": "box-xy"}


@given(st.lists(st.text(), unique=True))
def test_any_names_become_as_many_identifiers(names):
    given_names = identifiers(names)
    assert list(given_names.values()) == names
    assert all(name.isidentifier() and name.isascii() and not keyword.iskeyword(name) for name in given_names)
