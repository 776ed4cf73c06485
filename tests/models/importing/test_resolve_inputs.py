import numpy as np
import pytest

from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.resolve_inputs import resolve_inputs
from serveoff.models.importing.source import Found, Port, parsed, written

IMAGE = Port(name="image", dtype="float32", shape=(-1, 4, 4, 1))
SILENT = Port(name="x")


def test_what_the_file_says_is_enough():
    inputs, names = resolve_inputs("model", Found(inputs=(IMAGE,)), [], {})
    assert inputs == (parsed("image:float32[-1,4,4,1]"),)
    assert names.inputs == {"image": "image"}


def test_flags_say_what_the_file_does_not():
    tokens = Port(name="net/tokens:0", dtype="int32", shape=(-1, -1))
    inputs, names = resolve_inputs(
        "model", Found(inputs=(tokens, SILENT)), [parsed("x:float64[-1]"), parsed("net_tokens:int32[-1,9]")], {}
    )
    assert list(map(written, inputs)) == ["net_tokens:int32[-1,9]", "x:float64[-1]"]
    assert [tensor.source for tensor in inputs] == ["net/tokens:0", ""]
    assert names.inputs == {"net_tokens": "net/tokens:0", "x": "x"}


@pytest.mark.parametrize(
    ("flags", "samples"), [(["picture:float32[-1,3]"], {}), ([], {"picture": np.ones((4, 3), "f")})]
)
def test_a_user_s_name_for_the_only_input_is_taken(flags, samples):
    inputs, names = resolve_inputs("model", Found(inputs=(Port(name="input"),)), list(map(parsed, flags)), samples)
    assert list(map(written, inputs)) == ["picture:float32[-1,3]"]
    assert names.inputs == {"picture": "input"}


@pytest.mark.parametrize("layers", [1, 2])
def test_states_are_told_with_the_flags_that_start_from_zeros(layers):
    states = (Port(name=name, dtype="float32", shape=(layers, -1, 5)) for name in ("h0:0", "c0:0"))
    with pytest.raises(ImportFailed, match="h0 and c0 are states with their rows on the second axis") as failed:
        resolve_inputs("model", Found(inputs=(IMAGE, *states), settable=True), [], {})
    assert failed.value.problem.advice.endswith("each request start from zeros: --set h0=0 --set c0=0")


def test_one_text_is_no_number_that_could_be_set():
    ports = (Port(name="image_bytes", dtype="string", shape=()), IMAGE)
    with pytest.raises(ImportFailed, match="its input image_bytes is string, which is not served"):
        resolve_inputs("model", Found(inputs=ports, settable=True), [], {})


def test_samples_say_it_too():
    inputs, _ = resolve_inputs("model", Found(inputs=(SILENT,)), [], {"x": np.zeros((5, 2, 3), np.uint8)})
    assert inputs == (parsed("x:uint8[-1,2,3]"),)


def test_samples_that_no_request_carries_are_told_with_the_flag_that_casts_them():
    with pytest.raises(ImportFailed, match="x is int16, which is not served") as failed:
        resolve_inputs("model", Found(inputs=(SILENT,)), [], {"x": np.zeros((5, 2), np.int16)})
    assert "'x:int16[-1,SIZE]': it is cast from int32" in failed.value.problem.advice


def test_an_input_that_may_be_left_out_is_left_out():
    mask = Port(name="mask", optional=True)
    assert resolve_inputs("model", Found(inputs=(IMAGE, mask)), [], {})[0] == (parsed("image:float32[-1,4,4,1]"),)
    given = resolve_inputs("model", Found(inputs=(IMAGE, mask)), [parsed("mask:bool[-1,4]")], {})[0]
    assert given[1] == parsed("mask:bool[-1,4]")


@pytest.mark.parametrize("declared", [True, False])
def test_several_inputs_of_one_parameter_are_a_dict_and_told_so(declared):
    flags, arrays = (
        [parsed("ids:int64[-1,4]"), parsed("mask:int64[-1,4]")],
        dict.fromkeys(("ids", "mask"), np.ones((5, 4))),
    )
    with pytest.raises(ImportFailed, match="takes one input, batch, and 2 are given: ids, mask") as failed:
        resolve_inputs(
            "nets:make", Found(inputs=(Port(name="batch"),)), flags if declared else [], {} if declared else arrays
        )
    assert "as a dict, needs a module around it" in failed.value.problem.advice


@pytest.mark.parametrize(
    ("ports", "flags", "says"),
    [
        ((), [], "takes no input"),
        ((SILENT,), [], "does not describe all of its input x: dtype unknown, shape unknown"),
        ((SILENT,), [], "--input 'x:float32[-1,28,28,1]'"),
        ((Port(name="t", dtype="int64", shape=(-1, -1)),), [], "--input 't:int64[-1,64]'"),
        (
            (Port(name="t", dtype="float32", shape=(1, 4)),),
            [],
            "batch dimension of its input t is fixed at 1",
        ),
        (
            (Port(name="t", dtype="float32", shape=(1, 4)),),
            [],
            "python -m tf2onnx.convert",
        ),
        ((Port(name="t", dtype="float32", shape=(8, 4)),), [], "next: save it with a free first axis"),
        ((Port(name="t", dtype="float32", shape=()),), [], "without a batch dimension"),
        ((Port(name="t", dtype="string", shape=(-1,)),), [], "t is string, which is not served"),
        ((Port(name="t", dtype="string", shape=()),), [], "turn text into numbers in the client"),
        ((Port(name="t", dtype="string", shape=(-1, -1)),), [], "t is string, which is not served"),
        (
            (IMAGE, Port(name="h0", dtype="float32", shape=(2, -1, 5))),
            [],
            "h0 is a state with its rows on the second axis",
        ),
        ((IMAGE, Port(name="m", dtype="bool", shape=(2, -1))), [], "batch dimension of its input m is fixed at 2"),
        ((IMAGE,), ["image:float32[-1,5,4,1]"], "has shape [-1, 4, 4, 1], not [-1, 5, 4, 1]"),
        ((IMAGE,), ["image:float64[-1,4,4,1]"], "image is float32, but --input says float64"),
        ((IMAGE,), ["picture:float32[-1,4,4,1]"], "has no input 'picture'\n  next: --input takes one of image"),
        ((Port(name="a", optional=True),), [], "does not describe its inputs"),
        ((Port(name="a", optional=True), Port(name="b", optional=True)), ["c:bool[-1]"], "has no input 'c'"),
    ],
)
def test_what_is_missing_or_contradicts_is_told_with_the_flag_that_helps(ports, flags, says):
    with pytest.raises(ImportFailed) as failed:
        resolve_inputs("model.pt", Found(inputs=ports), [parsed(flag) for flag in flags], {})
    assert says in str(failed.value)
    assert str(failed.value).startswith("model.pt")
