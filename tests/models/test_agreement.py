import numpy as np
import pytest

from serveoff.models.agreement import TOLERANCE, Mismatch, agreement, compare, scale_of_small, times
from serveoff.models.golden import Golden
from serveoff.models.spec import TensorSpec

OUTPUTS = np.eye(4, 3, dtype=np.float32)


def golden(outputs):
    """Inputs that carry their own answers, so that a predict function can be a look-up."""
    return Golden({"asked": outputs.copy()}, {"answer": outputs})


def answering(change):
    return lambda batch: {"answer": change(batch["asked"])}


@pytest.fixture
def questions():
    return golden(OUTPUTS)


def test_the_same_answers_agree(questions):
    found = agreement(answering(lambda rows: rows), questions)
    assert found.ok
    assert found.max_abs_error == 0.0
    assert found.top1 == 1.0


def test_rounding_is_forgiven_and_more_is_not(questions):
    assert agreement(answering(lambda rows: rows + np.float32(5e-6)), questions).ok
    assert not agreement(answering(lambda rows: rows + np.float32(5e-5)), questions).ok


def test_the_worst_input_is_named_with_what_is_allowed(questions):
    found = agreement(answering(lambda rows: rows + np.float32(0.1) * (rows.argmax(axis=1) == 2)[:, None]), questions)
    assert not found.ok
    assert found.worst_input == 2
    assert found.max_abs_error == pytest.approx(0.1)
    assert found.worst_share == pytest.approx(0.1 / TOLERANCE, rel=1e-3)
    assert found.top1 == 1.0
    assert found.found == "an error of 0.1 where 1e-05 is allowed"


def test_what_is_allowed_grows_with_the_largest_number_of_a_row():
    rows = np.array([[1000.0, 0.0], [0.5, 0.0]], np.float32)
    off = compare({"y": rows + np.float32(5e-3)}, {"y": rows})
    np.testing.assert_array_equal(off.wrong, [False, True])
    np.testing.assert_allclose(off.share, [0.5, 500.0], rtol=1e-2)


def test_integers_and_booleans_must_be_equal():
    for wanted in (np.array([2**60, 7]), np.array([[3], [4]], np.uint8), np.array([True, False])):
        found = wanted.copy()
        found[1] = not found[1] if wanted.dtype == bool else found[1] + 1
        assert not compare({"y": wanted}, {"y": wanted}).wrong.any()
        off = compare({"y": found}, {"y": wanted})
        np.testing.assert_array_equal(off.wrong, [False, True])
        assert off.error[1] == 1.0
    assert compare({"y": np.array([2**60 + 1])}, {"y": np.array([2**60])}).wrong.all()  # one float64 for both


def test_a_class_that_is_ahead_by_rounding_only_may_change():
    near, far = np.array([[0.5, 0.500001]], np.float32), np.array([[0.5, 0.6]], np.float32)
    swapped = {"y": near[:, ::-1]}
    assert not compare(swapped, {"y": near}).wrong.any()
    assert not compare({"y": far[:, ::-1]}, {"y": far}).same_top.any()


def test_an_input_of_another_class_is_worse_than_one_that_only_rounds():
    outputs = np.array([[100.0, 0.0, 0.0], [0.0, 2.5e-5, 0.0]], np.float32)
    wrong = np.array([[100.0, 0.0, 5e-4], [5e-6, 1.6e-5, 4.5e-5]], np.float32)
    found = agreement(answering(lambda rows: wrong[: len(rows)]), golden(outputs))
    assert (found.worst_input, found.top1) == (1, 0.5)
    assert not found.ok


def test_numbers_that_are_no_classes_have_no_most_probable_one():
    one, many = np.zeros((2, 1), np.float32), np.zeros((2, 3, 3), np.float32)
    for outputs in (one, many, np.zeros(2, np.float32)):
        assert compare({"y": outputs + np.float32(9e-6)}, {"y": outputs}).same_top.all()


def test_an_answer_that_is_no_number_is_the_worst(questions):
    found = agreement(
        answering(lambda rows: np.where(rows.argmax(axis=1)[:, None] == 1, np.float32("nan"), rows)), questions
    )
    assert not found.ok
    assert found.worst_input == 1
    assert found.max_abs_error == float("inf")
    assert found.found == "an answer that is no number"


def test_an_answer_of_another_name_shape_or_type_is_named(questions):
    assert "(4, 2)" in agreement(answering(lambda rows: rows[:, :2]), questions).problem
    assert "float64" in agreement(answering(lambda rows: rows.astype(np.float64)), questions).problem
    assert "other, not answer" in agreement(lambda batch: {"other": batch["asked"]}, questions).problem
    assert not agreement(answering(lambda rows: rows[:, :2]), questions).ok


def test_answers_that_cannot_be_compared_are_refused():
    with pytest.raises(Mismatch, match="the outputs are x, expected x, y"):
        compare({"x": OUTPUTS}, {"x": OUTPUTS, "y": OUTPUTS})
    with pytest.raises(Mismatch, match=r"x has shape \(4, 2\), expected \(4, 3\)"):
        compare({"x": OUTPUTS[:, :2]}, {"x": OUTPUTS})


def test_json_may_bring_a_wider_type(questions):
    assert not compare({"answer": OUTPUTS.astype(np.float64) + 5e-6}, questions.outputs).wrong.any()


def test_one_wrong_output_of_several_is_enough():
    outputs = {"scores": OUTPUTS, "best": OUTPUTS.argmax(axis=1)}
    off = compare({"scores": OUTPUTS, "best": np.array([0, 1, 2, 1])}, outputs)
    np.testing.assert_array_equal(off.wrong, [False, False, False, True])


def test_a_network_that_takes_one_batch_size_only_is_caught(questions):
    found = agreement(answering(lambda rows: OUTPUTS), questions)
    assert not found.ok
    assert "a batch of 1" in found.problem


def test_rows_of_big_tensors_are_not_asked_for_all_at_once():
    asked = []
    big = golden(np.zeros((10, 300_000), np.float32))
    assert agreement(answering(lambda rows: asked.append(len(rows)) or rows), big).ok
    assert asked == [3, 3, 3, 1, 1]


def test_equal_infinities_agree_and_others_do_not():
    masked = np.float32([[-np.inf, 1.0, 2.0], [-np.inf, -np.inf, -np.inf], [np.inf, 0.0, 1.0]])
    assert not compare({"y": masked + np.float32(1e-6)}, {"y": masked}).wrong.any()
    assert compare({"y": np.float32([[1e30, 1.0, 2.0]] * 3)}, {"y": masked}).wrong.all()
    assert compare({"y": -masked}, {"y": masked}).wrong.all()
    assert compare({"y": masked[:1] + np.float32(1e-3)}, {"y": masked[:1]}).wrong.all()


def test_what_was_computed_in_a_coarser_dtype_has_its_tolerance():
    spec = TensorSpec(name="y", shape=(-1, 1), dtype="float32", precision="bfloat16")
    wanted = np.float32([[1.0], [100.0]])
    found = {"y": wanted * np.float32(1.04)}
    assert compare(found, {"y": wanted}).wrong.all()
    assert not compare(found, {"y": wanted}, [spec]).wrong.any()


def test_a_small_value_may_be_off_by_what_large_ones_may_where_the_spec_says_what_they_are_made_of():
    spec = TensorSpec(name="y", shape=(-1, 1), dtype="float32", scale=100.0)
    wanted = np.float32([[2.0], [1000.0]])
    off = {"y": wanted + np.float32(9e-4)}
    assert compare(off, {"y": wanted}).wrong.tolist() == [True, False]
    assert compare(off, {"y": wanted}, [spec]).wrong.tolist() == [False, False]
    assert compare({"y": wanted + np.float32(2e-3)}, {"y": wanted}, [spec]).wrong.tolist() == [True, False]


@pytest.mark.parametrize(("share", "said"), [(2.13, "2.13"), (999.4, "999"), (1234567.0, "1,234,567")])
def test_how_far_an_answer_is_off_is_told_in_figures_that_people_read(share, said):
    assert times(share) == f"{said} times what is allowed"


@pytest.mark.parametrize("largest", [1e-3, 3e-5, 1e-9, 1e-30])
def test_answers_of_zero_agree_with_no_small_output(largest):
    golden = {"y": np.array([[largest, -largest / 7], [0.0, largest / 3]], dtype=np.float32)}
    spec = TensorSpec(name="y", shape=(-1, 2), dtype="float32", scale=scale_of_small(golden["y"]))
    assert compare({"y": np.zeros((2, 2), np.float32)}, golden, [spec]).wrong[0]
    assert not compare({"y": golden["y"] * np.float32(1 + 1e-6)}, golden, [spec]).wrong.any()


def test_what_is_small_beside_the_tolerance_is_told_by_all_rows():
    assert scale_of_small(np.array([[1e-9], [0.5]], dtype=np.float32)) == 0.0
    assert scale_of_small(np.array([[1e-9], [1e-7]], dtype=np.float32)) == pytest.approx(1e-3)
    assert scale_of_small(np.array([[0.01], [np.inf]], dtype=np.float32), "float16") == pytest.approx(0.1)
    assert scale_of_small(np.zeros((3, 1), np.float32)) == 0.0
    assert scale_of_small(np.array([[1], [2]])) == 0.0
