import pytest

from serveoff.models.importing.onnx_axes import Place, reshaped


@pytest.mark.parametrize(
    ("before", "after", "place", "rows", "found"),
    [
        ((1, 3, 8), (1, 24), Place(0), 1, Place(0)),
        ((9, 1, 16), (9, 1, 3, 16), Place(1), 1, Place(1)),
        ((9, 1, 16), (9, 4, 4), Place(1), 1, Place(1)),  # heads beside rows
        ((9, 1, 4, 4), (9, 16), Place(1), 1, Place(0, 9)),  # rows beside steps
        ((9, 16), (9, 1, 16), Place(0, 9), 1, Place(1)),
        ((4, 9, 4), (1, 4, 9, 4), Place(0), 1, Place(0)),
        ((9, 8, 16), (9, 32, 4), Place(1), 8, Place(1)),
        ((9, 8, 4, 4), (72, 16), Place(1), 8, Place(0, 9)),
        ((5, 7), (35,), Place(0), 2, None),
    ],
)
def test_where_the_rows_are_after_a_reshape(before, after, place, rows, found):
    assert reshaped(before, after, place, rows) == found
