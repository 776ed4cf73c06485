import itertools

import numpy as np
import pytest

from serveoff.models.importing.answering import answers, tensors_of, with_scales
from serveoff.models.importing.source import Found, Names, Port, written
from serveoff.models.jobs import child
from serveoff.models.jobs.child import Refused

INPUTS = {"x": np.arange(8, dtype=np.float32).reshape(4, 2)}
NAMES = Names(inputs={"x": "net/x:0"})


class Doing:
    """A reader whose model is a function of its one array."""

    parameters = 0

    def __init__(self, model):
        self.model, self.found = model, Found(inputs=(Port(name="net/x:0"),))

    def predict(self, batch):
        return self.model(batch["net/x:0"])

    def adopt(self, folder, spec, names):
        raise AssertionError("only asked")


def test_outputs_get_names_for_the_spec_and_keep_their_own():
    answered = answers(Doing(lambda x: {"sum/0": x.sum(axis=1), "x": x > 3}), NAMES, INPUTS)
    outputs, names = answered.outputs, answered.names
    assert names.outputs == {"sum_0": "sum/0", "x_2": "x"}
    described = tensors_of(outputs, names, Found(inputs=()))
    assert [written(tensor) for tensor in described] == ["sum_0:float32[-1]", "x_2:bool[-1,2]"]
    assert [tensor.source for tensor in described] == ["sum/0", "x"]
    assert np.array_equal(outputs["sum_0"], [1, 5, 9, 13])


def test_what_cannot_be_served_of_an_answer_is_left_out_with_a_note(monkeypatch):
    monkeypatch.setattr(child, "_notes", [])

    def answer(x):
        anchors, wave = np.ones((4, 3)), x.astype(np.complex64)
        return {
            "y": x, "states": np.stack([x, x]), "anchors": anchors, "loss": x.sum(), "wave": wave, "logits": x @ x.T
        }  # fmt: skip

    answered = answers(Doing(answer), NAMES, INPUTS)
    assert (list(answered.outputs), answered.names.outputs) == (["y"], {"y": "y"})
    assert [note.partition(":")[0] for note in child._notes] == [
        "its output states has shape [2, 4, 2] for 4 rows",
        "its output anchors has shape [4, 3] for any number of rows",
        "its output loss has shape [] for 4 rows",
        "its output wave is complex64, which is not served",
        "its output logits has shape [4, 4] for 4 rows and [1, 1] for one",
    ]


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (lambda x: {"y": x * 0 + 3, "n": (x < 0)[:, :1]}, True),
        (lambda x: {"y": x * np.float32(1e-7) + 3}, True),
        (lambda x: {"y": x * np.float32(1e-7)}, False),
        (lambda x: {"y": x * 0 + 3, "n": x > 3}, False),
    ],
)
def test_answers_that_do_not_tell_rows_apart_are_told_with_the_flags_that_do(monkeypatch, model, told):
    monkeypatch.setattr(child, "_notes", [])
    answers(Doing(model), NAMES, INPUTS)
    assert [note.partition(",")[0] for note in child._notes] == ["its answers to all golden rows are the same"] * told
    assert all("--input-range x=LOW:HIGH or --samples FILE.npz" in note for note in child._notes)
    answers(Doing(model), NAMES, {"x": np.ones((4, 2), np.float32)})
    assert len(child._notes) == told


def test_strings_are_left_out_or_refused_as_what_they_are(monkeypatch):
    monkeypatch.setattr(child, "_notes", [])

    def labelled(x):
        return {"label": np.array([b"cat"] * len(x), object), "version": np.asarray(b"1.2")}

    assert list(answers(Doing(lambda x: {"y": x, **labelled(x)}), NAMES, INPUTS).outputs) == ["y"]
    assert child._notes[0].startswith("its output label is object, which is not served")
    with pytest.raises(Refused, match="its output label is object, which is not served") as refused:
        answers(Doing(labelled), NAMES, INPUTS)
    assert refused.value.advice == "have it give numbers in place of strings, as of a class its index"
    with pytest.raises(Refused, match="depends on the rows beside it"):
        answers(Doing(lambda x: {"y": x - x.mean(axis=0), **labelled(x)}), NAMES, INPUTS)


@pytest.mark.parametrize(
    "model", [lambda x: {"y": x - x.mean(axis=0)}, lambda x: {"y": x + np.random.default_rng().random()}]
)
def test_values_of_its_own_that_may_be_those_of_training_are_named(model):
    training = Doing(model)
    ports = tuple(Port(name=name, dtype="float32", shape=shape) for name, shape in (("keep_prob:0", ()), ("w", (3,))))
    training.found = training.found.model_copy(update={"defaulted": ports})
    with pytest.raises(Refused) as refused:
        answers(training, NAMES, INPUTS)
    assert refused.value.advice.startswith("give the value that the model predicts with: --set keep_prob=1.0; or save")


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_infinities_are_answers():
    answered = answers(Doing(lambda x: {"y": np.log(x)}), NAMES, INPUTS)
    assert answered.outputs["y"][0, 0] == -np.inf


def test_what_computes_coarsely_may_be_off_by_more_and_says_so(monkeypatch):
    monkeypatch.setattr(child, "_notes", [])
    coarse = Doing(lambda x: {"y": x / 9 + np.float32(0.004) * (len(x) == 1), "n": x > 3})
    with pytest.raises(Refused, match="depends on the rows beside it"):
        answers(coarse, NAMES, INPUTS)
    coarse.found = coarse.found.model_copy(update={"precision": "float16"})
    answered = answers(coarse, NAMES, INPUTS)
    described = tensors_of(answered.outputs, answered.names, coarse.found)
    assert [tensor.precision for tensor in described] == ["float16", ""]
    assert "it computes in float16: its answers may be off by 0.01" in child._notes[0]


SIGNS = itertools.cycle((1, -1))


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (lambda x: {"y": x - x.mean(axis=0)}, "the answer to row 0 depends on the rows beside it"),
        (
            lambda x: {"y": x + np.random.default_rng().random()},
            "its answers are random, or depend on what it was asked before: the same row",
        ),
        (
            lambda x: {"y": (x + 1) * np.float32(1e-6) * next(SIGNS)},
            "its answers are random, or depend on what it was asked before: the same row",
        ),
        (lambda x: {"y": x.sum()}, "the first axis must be the batch"),
        (lambda x: {"y": np.repeat(x, 2, axis=0)}, "has shape"),
        (lambda x: {"y": x.astype(np.float16)}, "y is float16, which is not served"),
        (lambda x: {"y": np.log(x - 1)}, r"its output y is not a number \(NaN\)"),
        (lambda x: {"y": x[:, :0]}, "is empty"),
        (lambda x: {}, "has no output"),
        (lambda x: {"y": np.squeeze(x)}, "row 0 alone gives other outputs"),
        (lambda x: {"y": x @ x.T}, r"has shape \[4, 4\] for 4 rows and \[1, 1\] for one: nothing but the first axis"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
def test_a_model_that_cannot_be_served_is_told_why(model, says):
    with pytest.raises(Refused, match=says):
        answers(Doing(model), NAMES, INPUTS)


def test_what_may_be_asked_row_by_row_is_where_a_batch_answers_otherwise():
    centred = Doing(lambda x: {"y": x - x.mean(axis=0)})
    centred.found = centred.found.model_copy(update={"one_row": "it centres a batch"})
    answered = answers(centred, NAMES, INPUTS)
    assert answered.one_row
    assert np.array_equal(answered.outputs["y"], np.zeros((4, 2)))


def fails_on_several(x):
    if len(x) > 1:
        raise RuntimeError("no")
    return {"y": x}


@pytest.mark.parametrize("model", [lambda x: {"y": x - x.mean(axis=0)}, lambda x: {"y": x[:1]}, fails_on_several])
def test_what_was_made_for_one_row_and_does_not_take_several_is_told(model):
    fixed = Doing(model)
    fixed.found = fixed.found.model_copy(update={"fixed": 1})
    with pytest.raises(Refused, match="its batch is fixed at 1") as refused:
        answers(fixed, NAMES, INPUTS)
    assert "tf2onnx" in refused.value.advice
    fixed.model = lambda x: {"y": np.log(x[:1] - 1)}
    with np.errstate(all="ignore"), pytest.raises(Refused, match="NaN"):
        answers(fixed, NAMES, INPUTS)


@pytest.mark.parametrize("chosen", [("sum_0",), ("sum/0",)])
def test_outputs_that_are_not_chosen_are_none_whatever_they_are(chosen):
    model = Doing(lambda x: {"sum/0": x.sum(axis=1), "broken": np.full_like(x, np.nan)})
    answered = answers(model, NAMES, INPUTS, chosen)
    assert answered.names.outputs == {"sum_0": "sum/0"}
    with pytest.raises(Refused, match="it has no output none") as refused:
        answers(model, NAMES, INPUTS, ("none",))
    assert refused.value.advice == "--outputs takes some of sum/0, broken"


def test_outputs_keep_the_model_s_order_in_whichever_they_are_chosen():
    model = Doing(lambda x: {"a": x, "b": x + 1, "c": x + 2})
    assert list(answers(model, NAMES, INPUTS, ("c", "a")).outputs) == ["a", "c"]


def test_of_an_output_whose_answers_are_all_small_the_spec_says_how_small():
    answered = answers(Doing(lambda x: {"tiny": x * np.float32(1e-8), "usual": x}), NAMES, INPUTS)
    described = with_scales(tensors_of(answered.outputs, answered.names, Found(inputs=())), answered.outputs)
    assert [tensor.scale for tensor in described] == [pytest.approx(7e-4), 0.0]
