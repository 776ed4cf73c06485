"""PyTorch's modules and TorchScript as people write them: read, asked, adopted, and loaded as they are served."""

import json
import re
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from serveoff.models import convert, formats
from serveoff.models.agreement import agreement
from serveoff.models.golden import Golden
from serveoff.models.importing import readers
from serveoff.models.importing.answering import answers, tensors_of
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.resolve_inputs import resolve_inputs
from serveoff.models.importing.samples import seeded
from serveoff.models.importing.source import Source, parsed
from serveoff.models.jobs import child
from serveoff.models.jobs.child import Refused
from serveoff.models.spec import ModelSpec
from tests.uncompiled import find_no_compiler

X = "x:float32[-1,6]"
TOKENS = "ids:int64[-1,6]", "mask:int64[-1,6]"
FORMATS = {"torch": "torch_eager", "torchscript": "torchscript", "torch_export": "torch_export"}

FACTORIES = """
import functools
from collections import OrderedDict
from dataclasses import dataclass
import torch
from torch import nn

class Wrapper(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(6, 3)
    def forward(self, *args, **kwargs):
        return self.inner(*args, **kwargs)

class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(100, 4)

class ByKeyword(Tokens):
    def forward(self, *, ids, mask):
        return (self.e(ids) * mask[..., None]).sum(1)

class AnyKeyword(Tokens):
    def forward(self, **rows):
        return (self.e(rows["ids"]) * rows["mask"][..., None]).sum(1)

class Gap(Tokens):
    def forward(self, ids=None, types=None, mask=None, *, doubled=False):
        assert types is None and not doubled
        return (self.e(ids) * mask[..., None]).sum(1)

@dataclass
class Answer:
    logits: torch.Tensor
    states: tuple
    loss: object = None

class Answers(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(6, 3)
    def forward(self, x):
        y = self.inner(x)
        return Answer(y, (y + 1, {"class": y.argmax(1)}))

class Coarse(nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.inner = nn.Linear(6, 3).to(dtype)
    def forward(self, x):
        assert x.dtype == self.inner.weight.dtype
        return self.inner(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 3)
class AllHalf(Net):
    def __init__(self):
        super().__init__()
        self.half()
    def forward(self, x): return self.a(x)
class Embeds(Tokens):
    def forward(self, x): return self.e(x)
class OnGpu(Net):
    def forward(self, x): return self.a(x.cuda())
class Wider(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.c, self.n = nn.Linear(7, 3), nn.Conv1d(3, 1, 1), nn.BatchNorm2d(6)
    def forward(self, x): return self.a(x)
class Convolves(Wider):
    def forward(self, x): return self.c(x[:, None])
class Normalises(Wider):
    def forward(self, x): return self.n(x)
class Adds(Wider):
    def forward(self, x): return x + self.a.bias
class Audio(Net):
    def forward(self, x):
        assert x.dtype == torch.int16
        return self.a(x.float())
class Trains(Net):
    def forward(self, x, train: bool): return self.a(x)
class Scales(Net):
    def forward(self, x, by: "float"): return self.a(x)
class InPlace(Net):
    def forward(self, x): return self.a(x.mul_(2))
class TakesDict(Net):
    def forward(self, batch): return self.a(batch["x"])
class Gradients(Net):
    def forward(self, x): return torch.autograd.grad(self.a(x.requires_grad_()).sum(), x)[0]
class Squeezes(Net):
    def forward(self, x): return self.a(x).squeeze()
class Unlearned(nn.BatchNorm1d):
    def __init__(self): super().__init__(6, track_running_stats=False)
def parallel(): return nn.DataParallel(Net2())
def compiled(): return torch.compile(Net2())
class Net2(Net):
    def forward(self, x): return self.a(x) + 1
class OneRow(Net):
    def forward(self, x): return self.a(x.reshape(1, 6))
class OneAnswer(Net):
    def forward(self, x): return self.a(x.reshape(1, -1)[:, :6])
class Frozen(Net2):
    def train(self, mode=True): super().train(mode)
class Unpacks(Net):
    def forward(self, batch):
        x, mask = batch[:1]
        return self.a(x)
class Counts(Net):
    def __init__(self):
        super().__init__()
        self.calls = 0
    def forward(self, x):
        self.calls += 1
        return self.a(x) + self.calls
class Second(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0)
    def forward(self, x): return self.layer(x)[:, 0]
class Mixed(Net):
    def forward(self, x): return {"scores": self.a(x), "model": "net", "small": self.a(x).to(torch.int8)}
def lazy(): return nn.LazyLinear(3)
def quantised():
    torch.manual_seed(25)
    return torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(6, 3)), {nn.Linear}, dtype=torch.qint8)

def seeded(module, *arguments):
    torch.manual_seed(25)
    return module(*arguments)

wrapper, by_keyword, any_keyword, gap, answers = (
    functools.partial(seeded, module) for module in (Wrapper, ByKeyword, AnyKeyword, Gap, Answers))
bfloat16, float16 = (functools.partial(seeded, Coarse, dtype) for dtype in (torch.bfloat16, torch.float16))
class Late(nn.Module):
    def forward(self, x):
        from pathlib import Path
        return x * float(Path(__file__).with_name("scale.txt").read_text())
def late(): return Late()
def elsewhere(): return nn.Linear(6, int(open("config.txt").read()))
def script():
    raise SystemExit(2)
def compiled_reading():
    from safetensors.torch import load_file
    return load_file("absent.safetensors")
def uninstalled(): import no_such_library
INSTANCE = nn.Linear(6, 3)
def broken(): raise KeyError("depth")
def on_gpu(): return nn.Linear(6, 3).cuda()
def of_folder(): raise OSError("weights/bert is not a local folder")
def exported(): return torch.export.export(nn.Linear(6, 3), (torch.zeros(2, 6),)).module()
def scripted(): return torch.jit.script(nn.Linear(6, 3))
class Encodes(Net):
    def encode(self, x): return self.a(x)
def table(): return nn.ModuleDict({"a": nn.Linear(6, 3)})
class ReadsDict(Net):
    def forward(self, batch): return self.a(batch["input_ids"])
class Opens(Net):
    def forward(self, x): return self.a(x) * float(open("scale.txt").read())
class AtMostThree(Net):
    def forward(self, x): return self.a(x) + torch.zeros(3, 3)[:len(x)]
class WithDeviation(Net):
    def __init__(self):
        super().__init__()
        self.log_std = nn.Parameter(torch.zeros(3))
    def forward(self, x): return self.a(x), self.log_std
def needs_width(width): return nn.Linear(6, width)
"""


@pytest.fixture
def notes(monkeypatch):
    monkeypatch.setattr(child, "_notes", [])
    return child._notes


@pytest.fixture
def project(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "nets.py").write_text(FACTORIES)
    return tmp_path / "project"


def factory(project, name, **more):
    return Source(kind="torch", path=f"nets:{name}", search=(str(project),), **more)


def script(tmp_path, module, **more):
    torch.jit.script(module.eval()).save(str(tmp_path / "script.pt"))
    return Source(kind="torchscript", path=str(tmp_path / "script.pt"), **more)


def served(source, flags, folder):
    """The spec of a model that was read, asked and adopted; it must answer as golden, loaded as it is served."""
    folder.mkdir()
    reader = readers.opened(source)
    inputs, names = resolve_inputs(source.path, reader.found, list(map(parsed, flags)), {})
    batch = seeded(inputs, {}, 4)
    answered = answers(reader, names, batch)
    outputs, names = answered.outputs, answered.names
    tensors = tensors_of(outputs, names, reader.found)
    spec = ModelSpec(name="mine", description="", inputs=inputs, outputs=tensors, one_row=answered.one_row)
    reader.adopt(folder, spec, names)
    loaded = formats.load(FORMATS[source.kind], folder, spec)
    found = agreement(loaded.predict, Golden(batch, outputs), tensors=tensors)
    assert found.ok, found
    return spec


@pytest.mark.parametrize(
    ("name", "flags", "passed"),
    [
        ("wrapper", [X], [["", ""]]),
        ("by_keyword", TOKENS, [["ids", ""], ["mask", ""]]),
        ("by_keyword", TOKENS[::-1], [["ids", ""], ["mask", ""]]),
        ("any_keyword", TOKENS[::-1], [["mask", ""], ["ids", ""]]),
        ("gap", TOKENS, [["", ""], ["mask", ""]]),
    ],
)
def test_inputs_are_passed_as_the_signature_has_them(project, tmp_path, name, flags, passed):
    served(factory(project, name), flags, tmp_path / "node")
    assert json.loads((tmp_path / "node" / "module.json").read_text())["passed"] == passed


def test_inputs_that_a_signature_does_not_name_are_asked_for(project):
    found = readers.opened(factory(project, "wrapper")).found
    with pytest.raises(ImportFailed, match="does not name its inputs") as failed:
        resolve_inputs("nets:wrapper", found, [], {})
    assert "--input 'x:float32" in failed.value.problem.advice


def test_a_dataclass_is_an_answer_by_its_fields(project, tmp_path):
    spec = served(factory(project, "answers"), [X], tmp_path / "node")
    assert [(tensor.name, tensor.source) for tensor in spec.outputs] == [
        ("logits", ""), ("states_0", "states/0"), ("states_1_class", "states/1/class")]  # fmt: skip


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_floats_that_no_payload_carries_are_cast_and_noted(project, tmp_path, notes, dtype):
    source = factory(project, dtype, casts={"x": dtype})
    spec = served(source, [X], tmp_path / "node")
    assert [(tensor.dtype, tensor.precision) for tensor in spec.outputs] == [("float32", dtype)]
    assert notes[0] == f"its output output is {dtype}, and is served as float32"
    assert f"it computes in {dtype}" in notes[1]


def test_small_integers_are_cast_too(project, tmp_path):
    spec = served(factory(project, "Audio", casts={"x": "int16"}), ["x:int32[-1,6]"], tmp_path / "node")
    assert spec.inputs[0].dtype == "int32"


@pytest.mark.parametrize("name", ["parallel", "compiled"])
def test_what_training_puts_around_a_module_is_taken_off(project, tmp_path, name):
    served(factory(project, name), [X], tmp_path / "node")
    assert set(torch.load(tmp_path / "node" / "model.pt")) == {"a.weight", "a.bias"}


def test_what_is_no_tensor_is_left_out_and_small_integers_are_widened(project, tmp_path, notes):
    spec = served(factory(project, "Mixed"), [X], tmp_path / "node")
    assert [(tensor.name, tensor.dtype) for tensor in spec.outputs] == [("scores", "float32"), ("small", "int32")]
    assert notes == [
        "its output model is a str, not a tensor; it is left out", "its output small is int8, and is served as int32"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "input_name", "says", "advice"),
    [
        ("AllHalf", "x", "computes with float16, and its input x is float32", r"--input 'x:float16\[-1,6\]'"),
        ("Embeds", "x", "computes with int64, and its input x is float32", r"--input 'x:int64\[-1,6\]'"),
        (
            "Wider",
            "x",
            "another size than it takes: mat1 and mat2 .* at nets.py",
            r"'x:float32\[-1,SIZE\]'",
        ),
        (
            "Convolves",
            "x",
            "another size than it takes: Given groups=1, .* 3 channels",
            r"'x:float32\[-1,SIZE\]'",
        ),
        ("Normalises", "x", r"another size than it takes: expected 4D input", r"'x:float32\[-1,SIZE\]'"),
        ("Adds", "x", "another size than it takes: The size of tensor a", r"'x:float32\[-1,SIZE\]'"),
        ("OnGpu", "x", "moves tensors to a GPU by itself; at nets.py, line", "x.device"),
        ("InPlace", "x", "changes its input x in place", r"x.clone\(\)"),
        ("TakesDict", "batch", "TypeError: .* at nets.py, line", "with a tensor for each input"),
        ("ReadsDict", "batch", "IndexError: too many indices", "with a tensor for each input"),
        ("Opens", "x", "FileNotFoundError: .*scale.txt.* at nets.py, line", "from __file__"),
        ("Unpacks", "batch", "ValueError: not enough values to unpack", "with a tensor for each input"),
        ("Counts", "x", "its answers are random, or depend on what it was asked before", "a state that it keeps"),
        ("Gradients", "x", "computes gradients", "the part of it that needs none"),
        ("Squeezes", "x", "row 0 alone gives other outputs", r"squeeze\(-1\)"),
        ("Unlearned", "input", "a BatchNorm of it computes with the rows beside", "track_running_stats=True"),
        ("AtMostThree", "x", "it takes 2 rows at once, and fails on 4: RuntimeError: The size of tensor", "--rows 16"),
        ("lazy", "input", "its weight weight has no size yet", "call the module once"),
    ],
)
def test_what_a_module_cannot_do_where_it_is_served_is_told(project, tmp_path, name, input_name, says, advice):
    with pytest.raises(Refused, match=says) as refused:
        served(factory(project, name), [f"{input_name}:float32[-1,6]"], tmp_path / "node")
    assert re.search(advice, refused.value.advice)


@pytest.mark.parametrize(("name", "says"), [("Trains", "train is a bool"), ("Scales", "by is a float")])
def test_a_number_that_must_be_given_is_no_input(project, name, says):
    with pytest.raises(Refused, match=f"its input {says}, and requests carry tensors by name") as refused:
        readers.opened(factory(project, name))
    assert "a default" in refused.value.advice


def test_rows_along_another_axis_are_told(project, tmp_path):
    with pytest.raises(Refused, match="or its rows lie along another axis than the first") as refused:
        served(factory(project, "Second"), ["x:float32[-1,5,6]"], tmp_path / "node")
    assert "batch_first=True" in refused.value.advice


def test_a_module_whose_train_gives_nothing_back_is_served_and_converted(project, tmp_path):
    spec = served(factory(project, "Frozen"), [X], tmp_path / "node")
    (tmp_path / "torchscript").mkdir()
    convert.run("torch_to_torchscript", tmp_path / "node", tmp_path / "torchscript", spec)
    formats.load("torchscript", tmp_path / "torchscript", spec)


@pytest.mark.parametrize("name", ["OneRow", "OneAnswer"])
def test_a_module_for_one_row_is_asked_row_by_row_and_converted_for_one(project, tmp_path, notes, monkeypatch, name):
    find_no_compiler(monkeypatch)
    spec = served(factory(project, name), [X], tmp_path / "node")
    assert spec.one_row
    assert notes[-1].startswith("it takes one row, and no batch of several: it is served one row at a time")
    batch = {"x": np.random.default_rng(3).random((4, 6), np.float32)}
    expected = formats.load("torch_eager", tmp_path / "node", spec).predict(batch)["output"]
    for target in ("torchscript", "torch_export", "onnx"):
        (tmp_path / target).mkdir()
        convert.run(f"torch_to_{target}", tmp_path / "node", tmp_path / target, spec)
        found = formats.load(target, tmp_path / target, spec).predict(batch)["output"]
        assert np.allclose(found, expected, atol=1e-5), target


def test_dynamically_quantised_layers_are_asked_row_by_row(project, tmp_path):
    assert served(factory(project, "quantised"), ["input:float32[-1,6]"], tmp_path / "node").one_row


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("elsewhere", "the factory nets:elsewhere reads config.txt, which is not there"),
        ("script", "the factory nets:script ends its process, with exit code 2"),
        ("compiled_reading", "reads a file that is not there: .*absent.safetensors"),
        ("uninstalled", "fails: ModuleNotFoundError: No module named 'no_such_library'"),
        ("broken", "the factory nets:broken fails: KeyError: 'depth'"),
        ("on_gpu", "nets:on_gpu fails: it moves tensors to a GPU by itself; at nets.py, line"),
        ("of_folder", "nets:of_folder fails: OSError: weights/bert is not a local folder"),
        ("needs_width", "missing 1 required positional argument: 'width'"),
        ("absent", "cannot be imported"),
    ],
)
def test_a_factory_that_fails_says_what_it_raised_and_what_it_should_be(project, name, says):
    with pytest.raises(Refused, match=says) as refused:
        readers.opened(factory(project, name))
    assert refused.value.advice
    assert ("must be installed, too" in refused.value.advice) == (name in ("uninstalled", "absent"))
    assert ("relative paths lead nowhere" in refused.value.advice) == (name in ("elsewhere", "of_folder"))
    assert ("a factory runs without a GPU" in refused.value.advice) == (name == "on_gpu")


@pytest.mark.parametrize(
    ("name", "says", "advice"),
    [
        ("scripted", "is TorchScript already", "module.save('model.pt'), and import that"),
        (
            "exported",
            "is a program of torch.export already",
            "torch.export.save(program, 'model.pt2'), and import that",
        ),
        ("Encodes", "its module has no forward", "what is served is its forward"),
        ("table", "its module has no forward", "what is served is its forward"),
    ],
)
def test_a_module_that_cannot_be_called_from_python_is_told(project, name, says, advice):
    with pytest.raises(Refused, match=says) as refused:
        readers.opened(factory(project, name))
    assert advice in refused.value.advice


def test_a_parameter_among_the_outputs_is_left_out(project, tmp_path, notes):
    spec = served(factory(project, "WithDeviation"), [X], tmp_path / "node")
    assert [tensor.name for tensor in spec.outputs] == ["output_0"]
    assert notes == [
        "its output output_1 has shape [3] for 4 rows: the first axis must be the batch; it is left out"
    ]  # fmt: skip


def test_data_that_the_forward_reads_is_copied_too(project, tmp_path):
    (project / "scale.txt").write_text("2.5")
    served(factory(project, "late"), [X], tmp_path / "node")
    assert (tmp_path / "node" / "code" / "scale.txt").is_file()


def test_a_module_that_was_made_is_taken_as_it_is(project, tmp_path):
    served(factory(project, "INSTANCE"), [X], tmp_path / "node")


def test_a_file_s_name_in_place_of_a_module_s_is_told(project):
    with pytest.raises(Refused, match="cannot be imported") as refused:
        readers.opened(Source(kind="torch", path="nets.py:wrapper", search=(str(project),)))
    assert refused.value.advice == "write it as Python imports it: nets:wrapper"


class Boxes(NamedTuple):
    xy: Tensor
    score: Tensor


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 3), nn.Linear(6, 2)


class AsDict(Network):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"class": self.a(x), "box-xy": self.b(x), "x": x}


class Nested(Network):
    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, list[Tensor]], Boxes]:
        return self.a(x), (self.b(x), [x, x + 1]), Boxes(self.a(x) + 1, self.b(x) + 1)


class AsList(Network):
    def forward(self, x: Tensor) -> list[Tensor]:
        return [self.a(x), self.b(x)]


class Optionally(Network):
    def forward(self, x: Tensor, bias: Tensor | None, scale: float = 2.0, mask: Tensor | None = None) -> Tensor:
        y = self.a(x) * scale
        if bias is not None:
            y = y + bias
        return y if mask is None else y * mask


class Half(Network):
    def forward(self, x: Tensor) -> Tensor:
        return self.a(x)


class NotOnlyTensors(Network):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, tuple[str, dict[str, Tensor]], int]:
        return self.a(x), None, ("net", {"box-xy": self.b(x)}), 3


class WithDeviation(Network):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.a(x), self.b.bias


class TakesNumber(Network):
    def forward(self, x: Tensor, count: int) -> Tensor:
        return self.a(x) * count


class TakesList(nn.Module):
    def forward(self, x: list[Tensor]) -> Tensor:
        return torch.stack(x).sum(0)


class Unmatched(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.tensor([float("nan")])


@pytest.mark.parametrize(
    ("module", "outputs"),
    [
        (AsDict, {"class": "", "box_xy": "box-xy", "x_2": "x"}),
        (
            Nested,
            {
                "output_0": "", "output_1_0": "output_1/0", "output_1_1_0": "output_1/1/0",
                "output_1_1_1": "output_1/1/1", "output_2_xy": "output_2/xy", "output_2_score": "output_2/score",
            },
        ),
        (AsList, {"output_0": "", "output_1": ""}),
    ],
)  # fmt: skip
def test_answers_of_torchscript_are_flattened_in_their_order_with_their_own_names_kept(module, outputs, tmp_path):
    spec = served(script(tmp_path, module()), [X], tmp_path / "node")
    assert {tensor.name: tensor.source for tensor in spec.outputs} == outputs


@pytest.mark.parametrize("others", [[], ["mask:float32[-1,3]"], ["bias:float32[-1,3]"]])
def test_optional_inputs_of_torchscript_are_left_out_or_passed_by_their_names(others, tmp_path):
    spec = served(script(tmp_path, Optionally()), [X, *others], tmp_path / "node")
    assert len(spec.inputs) == 1 + len(others)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_torchscript_s_inputs_are_cast(dtype, tmp_path, notes):
    source = script(tmp_path, Half().to(getattr(torch, dtype)), casts={"x": dtype})
    assert served(source, [X], tmp_path / "node").outputs[0].precision == dtype


def test_outputs_are_chosen_by_their_names(tmp_path):
    spec = served(script(tmp_path, AsDict(), fetch=("box-xy",)), [X], tmp_path / "node")
    assert [tensor.source for tensor in spec.outputs] == ["box-xy"]
    with pytest.raises(Refused, match="it gives 3 outputs, class, box-xy, x, and --outputs names boxes"):
        served(script(tmp_path, AsDict(), fetch=("boxes",)), [X], tmp_path / "other")


@pytest.mark.parametrize("target", ["onnx", "torch_export"])
def test_torchscript_that_gives_more_than_tensors_is_converted(target, tmp_path, monkeypatch):
    find_no_compiler(monkeypatch)
    spec = served(script(tmp_path, NotOnlyTensors()), [X], tmp_path / "node")
    assert [tensor.source for tensor in spec.outputs] == ["", "output_2/1/box-xy"]
    (tmp_path / target).mkdir()
    convert.run(f"torchscript_to_{target}", tmp_path / "node", tmp_path / target, spec)
    batch = {"x": np.random.default_rng(3).random((4, 6), np.float32)}
    one, other = (formats.load(*of, spec).predict(batch) for of in (
        ("torchscript", tmp_path / "node"), (target, tmp_path / target)))  # fmt: skip
    assert all(np.allclose(one[name], other[name], atol=1e-5) for name in one)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(6, 5, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        return self.rnn(x)


@pytest.mark.parametrize(("called", "source"), [((), ""), (("seen", "hidden", "cell"), "output_0")])
def test_states_whose_rows_are_not_first_are_left_out_whatever_the_outputs_are_called(called, source, tmp_path, notes):
    spec = served(script(tmp_path, Recurrent(), fetch=called), ["x:float32[-1,4,6]"], tmp_path / "node")
    assert [(tensor.name, tensor.source) for tensor in spec.outputs] == [(called[0] if called else "output_0", source)]
    assert "has shape [2, 4, 5] for 4 rows: the first axis must be the batch; it is left out" in notes[0]


def test_a_parameter_among_the_outputs_of_torchscript_is_left_out(tmp_path, notes):
    spec = served(script(tmp_path, WithDeviation()), [X], tmp_path / "node")
    assert [tensor.name for tensor in spec.outputs] == ["output_0"]


def test_an_input_that_is_no_tensor_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(Refused, match=r"its input x is a List\[Tensor\]") as refused:
        readers.opened(script(tmp_path, TakesList()))
    assert "takes each tensor by itself" in refused.value.advice
    with pytest.raises(Refused, match="its input count is a int") as refused:
        readers.opened(script(tmp_path, TakesNumber()))
    assert "give count a default" in refused.value.advice


def test_nan_is_refused_by_its_output_s_name(tmp_path):
    with pytest.raises(Refused, match=r"its output output is not a number \(NaN\)"):
        served(script(tmp_path, Unmatched()), [X], tmp_path / "node")
