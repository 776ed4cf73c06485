"""Programs of torch.export as people save them: read, asked and exported again; nothing else of a file is run."""

import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from serveoff.models import convert, formats
from serveoff.models.importing import kinds, readers
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.source import Source
from serveoff.models.jobs.child import Refused
from tests.models.importing.test_torch_readers import notes as notes
from tests.models.importing.test_torch_readers import served
from tests.uncompiled import find_no_compiler

ROWS = torch.export.Dim("rows")


@pytest.fixture(autouse=True)
def uncompiled(monkeypatch):
    find_no_compiler(monkeypatch)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.a = nn.Linear(6, 3)
        self.register_buffer("shift", torch.arange(3.0))

    def forward(self, x):
        return self.a(x) + self.shift


class Several(Net):
    def forward(self, ids, *, mask, scale=2.0):
        scores = self.a(ids.float()) * mask.sum(1, keepdim=True) * scale
        return {"scores": scores, "states": (scores + 1, scores.argmax(1))}


class Nested(Net):
    def forward(self, batch):
        return self.a(batch["x"]) + batch["y"]


class Positions(torch.nn.Module):
    """What transformers do: positions made for as many rows as there are, a mask by comparison, views by size."""

    def __init__(self):
        super().__init__()
        self.words, self.heads = torch.nn.Embedding(30, 8), torch.nn.Linear(8, 8)

    def forward(self, ids):
        places = torch.arange(ids.shape[1], device=ids.device).expand(ids.shape[0], -1)
        words = self.heads(self.words((ids + places) % 30)).view(ids.shape[0], -1, 2, 4)
        kept = (ids > 2).to(words.dtype)[:, :, None, None]
        return (words * kept).flatten(2).sum(1) / (ids.shape[0] // ids.shape[0] + 1)


def saved(tmp_path, module, args=(), kwargs=None, shapes=None, name="model.pt2"):
    program = torch.export.export(module.eval(), args, kwargs, dynamic_shapes=shapes)
    torch.export.save(program, tmp_path / name)
    return Source(kind="torch_export", path=str(tmp_path / name))


def answers_alike(tmp_path, target, spec, batch):
    """What the program in `node` is converted to answers as it does."""
    (tmp_path / target).mkdir()
    convert.run(f"torch_export_to_{target}", tmp_path / "node", tmp_path / target, spec)
    expected, found = (
        formats.load(f, tmp_path / d, spec).predict(batch) for f, d in (("torch_export", "node"), (target, target))
    )
    np.testing.assert_allclose(found["output"], expected["output"], atol=1e-5)


def rewritten(source, change):
    """The same archive, each member as `change` gives it; None leaves one as it is."""
    path = Path(source.path)
    original = path.with_name("original.zip")
    shutil.move(path, original)
    with zipfile.ZipFile(original) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            given = change(name, content)
            new.writestr(name, content if given is None else given)
    return source


def of_size(folder, size):
    """A program that bounds a size, written so, in its file."""

    def bounded(name, content):
        if not name.endswith("models/model.json"):
            return None
        document = json.loads(content)
        document["range_constraints"] = {size: {"min_val": 0, "max_val": 4}}
        return json.dumps(document)

    return rewritten(saved(folder, Net(), (torch.zeros(3, 6),), shapes=({0: ROWS},)), bounded)


def test_a_program_of_any_number_of_rows(tmp_path):
    source = saved(tmp_path, Net(), (torch.zeros(3, 6),), shapes=({0: ROWS},))
    kinds.find("torch_export").check(source)
    assert readers.opened(source).parameters == 21
    spec = served(source, [], tmp_path / "node")
    assert [(t.name, t.shape, t.dtype) for t in spec.inputs] == [("x", (-1, 6), "float32")]
    assert not spec.one_row


def test_inputs_by_keyword_and_constants_are_passed_as_they_were_exported(tmp_path):
    args, kwargs = (torch.ones(3, 6, dtype=torch.int64),), {"mask": torch.ones(3, 6), "scale": 3.0}
    shapes = {"ids": {0: ROWS}, "mask": {0: ROWS}, "scale": None}
    spec = served(saved(tmp_path, Several(), args, kwargs, shapes), [], tmp_path / "node")
    assert [(t.name, t.dtype) for t in spec.inputs] == [("ids", "int64"), ("mask", "float32")]
    assert [t.name for t in spec.outputs] == ["scores", "states_0", "states_1"]


def test_a_program_of_one_row_is_asked_row_by_row(tmp_path, notes):
    spec = served(saved(tmp_path, Net(), (torch.zeros(1, 6),)), [], tmp_path / "node")
    assert spec.one_row
    assert notes[-1].startswith("it takes one row, and no batch of several: it is served one row at a time")


def test_a_program_of_a_gpu_is_read_onto_the_cpu(tmp_path, notes):
    class Makes(Net):
        def forward(self, x):
            return self.a(x) + torch.arange(3, device=x.device)

    def on_gpu(name, content):
        if not name.endswith(".json"):
            return None
        return content.replace(b'{"type": "cpu", "index": null}', b'{"type": "cuda", "index": 0}')

    source = rewritten(saved(tmp_path, Makes(), (torch.zeros(3, 6),), shapes=({0: ROWS},)), on_gpu)
    with zipfile.ZipFile(source.path) as archive:
        assert sum(archive.read(name).count(b'"cuda"') for name in archive.namelist()) > 3
    kinds.find("torch_export").check(source)
    served(source, [], tmp_path / "node")
    assert notes == ["it was exported on another device, cuda: here it is exported again for the CPU"]


def test_floats_that_no_payload_carries_are_cast(tmp_path):
    module = Net().to(torch.bfloat16)
    spec = served(
        saved(tmp_path, module, (torch.zeros(3, 6, dtype=torch.bfloat16),), shapes=({0: ROWS},)), [], tmp_path / "node"
    )
    assert [(t.dtype, t.precision) for t in (*spec.inputs, *spec.outputs)] == [("float32", ""), ("float32", "bfloat16")]


def test_small_integers_are_cast(tmp_path):
    class Audio(Net):
        def forward(self, x):
            return self.a(x.float())

    example = (torch.zeros(3, 6, dtype=torch.int16),)
    spec = served(saved(tmp_path, Audio(), example, shapes=({0: ROWS},)), [], tmp_path / "node")
    assert spec.inputs[0].dtype == "int32"


@pytest.mark.parametrize("target", ["onnx", "torchscript"])
@pytest.mark.parametrize("rows", [1, 3])
def test_it_is_converted(tmp_path, target, rows):
    shapes = ({0: ROWS},) if rows > 1 else None
    spec = served(saved(tmp_path, Net(), (torch.zeros(rows, 6),), shapes=shapes), [], tmp_path / "node")
    answers_alike(tmp_path, target, spec, {"x": np.random.default_rng(3).random((4, 6), np.float32)})


def test_sizes_and_casts_of_a_program_hold_for_any_number_of_rows_in_torchscript(tmp_path):
    source = saved(tmp_path, Positions(), (torch.zeros(3, 6, dtype=torch.int64),), shapes=({0: ROWS},))
    spec = served(source, [], tmp_path / "node")
    answers_alike(tmp_path, "torchscript", spec, {"ids": np.arange(24).reshape(4, 6)})


@pytest.mark.parametrize("bounds", [{"max": 3}, {"min": 3}, {"min": 2, "max": 3}])
def test_a_range_of_rows_that_nothing_in_it_needs_is_none(tmp_path, bounds, notes):
    shapes = ({0: torch.export.Dim("rows", **bounds)},)
    spec = served(saved(tmp_path, Net(), (torch.zeros(3, 6),), shapes=shapes), [], tmp_path / "node")
    assert (spec.one_row, notes) == (False, [])


def test_a_range_of_rows_that_is_needed_is_told(tmp_path):
    class Table(Net):
        def __init__(self):
            super().__init__()
            self.register_buffer("table", torch.zeros(3, 3))

        def forward(self, x):
            return self.a(x) + self.table[: x.shape[0]]

    source = saved(tmp_path, Table(), (torch.zeros(3, 6),), shapes=({0: torch.export.Dim("rows", max=3)},))
    with pytest.raises(Refused, match="it was exported for 1 to 3 rows, and fails on 4") as refused:
        served(source, [], tmp_path / "node")
    assert refused.value.advice == "export it with Dim('batch') without min and max"


def test_another_fixed_number_of_rows_is_refused(tmp_path):
    with pytest.raises(ImportFailed, match="fixed at 8"):
        served(saved(tmp_path, Net(), (torch.zeros(8, 6),)), [], tmp_path / "node")


def test_inputs_in_a_structure_are_refused_with_a_way_out(tmp_path):
    source = saved(tmp_path, Nested(), ({"x": torch.zeros(3, 6), "y": torch.zeros(3, 3)},))
    with pytest.raises(Refused, match="lie in a structure") as refused:
        readers.opened(source)
    assert "takes each tensor by itself" in refused.value.advice


class Trap:
    """What would be run if it were unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


@pytest.mark.parametrize("member", ["data/sample_inputs/model.pt", "data/constants/model.pt", "data/weights/model.pt"])
def test_a_pickle_in_it_is_not_loaded(tmp_path, member):
    def poisoned(name, content):
        return pickle.dumps(Trap(tmp_path / "ran")) if name.endswith(member) else None

    source = saved(tmp_path, Net(), (torch.zeros(3, 6),), shapes=({0: ROWS},))
    if member != "data/sample_inputs/model.pt":  # as PyTorch up to 2.8 wrote them
        with zipfile.ZipFile(source.path, "a") as archive:
            top = archive.namelist()[0].partition("/")[0]
            archive.writestr(f"{top}/{member}", pickle.dumps(Trap(tmp_path / "ran")))
    else:
        rewritten(source, poisoned)
    with suppress(Exception):
        readers.opened(source)
    assert not (tmp_path / "ran").exists()
    with suppress(Exception):
        torch.export.load(source.path)
    assert (tmp_path / "ran").exists(), "PyTorch's own reading runs it"


@pytest.mark.parametrize(
    "size",
    [
        "__import__('os').system('true')",
        "(lambda: 1)()",
        "s0.__class__",
        "exec",
        "s0 if s0 else 1",
        "S('1' 'exec')",
        r"S('\x65')",
        "1.5.__class__",
        "1e5.real",
        "2if s0 else 1",
        "S('1e5' 'exec')",
        "OpaqueUnaryFn_sqrt.__globals__",
    ],
)
def test_a_size_that_is_no_arithmetic_is_refused_before_pytorch_sees_it(tmp_path, size):
    with pytest.raises(ImportFailed, match="holds code where a size should be"):
        kinds.find("torch_export").check(of_size(tmp_path, size))


def test_sizes_as_exporters_write_them_pass(tmp_path):
    class Sizes(Net):
        def forward(self, x):
            twice = x.repeat(2, 1)
            return twice.reshape(twice.shape[0] // 2, -1) + 1

    source = saved(tmp_path, Sizes(), (torch.zeros(4, 6),), shapes=({0: torch.export.Dim("rows", min=2, max=512)},))
    kinds.find("torch_export").check(source)


@pytest.mark.parametrize(
    "size",
    [
        "TruncToInt(Mul(Float('1.5', precision=53), ToFloat(Symbol('s0', positive=True, integer=True))))",
        "FloatTrueDiv(ToFloat(s77), Float('1.0e-5', precision=53)) + 1e-05",
        "OpaqueUnaryFn_log2(ToFloat(u0))",
        "And(Ne(s0, 1), true)",
    ],
)
def test_fractions_in_a_size_are_arithmetic(tmp_path, size):
    kinds.find("torch_export").check(of_size(tmp_path, size))


def test_a_program_with_a_fraction_in_its_sizes_is_read(tmp_path):
    class Stretched(nn.Module):
        def forward(self, x):
            return nn.functional.interpolate(x[:, None], scale_factor=1.5).sum(2)

    steps = torch.export.Dim("steps", min=2, max=64)
    source = saved(tmp_path, Stretched(), (torch.zeros(4, 6),), shapes=({0: ROWS, 1: steps},))
    with zipfile.ZipFile(source.path) as archive:
        assert any(b"precision=" in archive.read(name) for name in archive.namelist())
    kinds.find("torch_export").check(source)
    assert readers.opened(source).found.inputs[0].shape == (-1, -1)


@pytest.mark.parametrize("ranges", [5, ["s0"], "s0", None])
def test_a_graph_of_another_make_is_left_to_pytorch_s_reader(tmp_path, ranges):
    def poisoned(name, content):
        return json.dumps({"range_constraints": ranges}) if name.endswith("models/model.json") else None

    source = rewritten(saved(tmp_path, Net(), (torch.zeros(3, 6),), shapes=({0: ROWS},)), poisoned)
    kinds.find("torch_export").check(source)
    with pytest.raises(Exception, match=r"(?s).+"):
        readers.opened(source)


def test_a_graph_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    source = saved(tmp_path, Net(), (torch.zeros(3, 6),), shapes=({0: ROWS},))
    monkeypatch.setattr(kinds.find("torch_export"), "MOST_GRAPH_BYTES", 1 << 10)
    with pytest.raises(ImportFailed, match="its graph is larger than"):
        kinds.find("torch_export").check(source)


def test_a_compiled_library_is_no_program(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.pt2", "w") as archive:
        archive.writestr("model/archive_format", "pt2")
        archive.writestr("model/data/aotinductor/model/model.so", b"\x7fELF")
    with pytest.raises(ImportFailed, match="AOTInductor compiled, machine code for one kind of CPU"):
        kinds.find("torch_export").check(Source(kind="torch_export", path=str(tmp_path / "model.pt2")))


def test_an_operator_that_nothing_here_has_is_named(tmp_path):
    torch.library.define("torchaudio::crop", "(Tensor x) -> Tensor")
    torch.library.register_fake("torchaudio::crop", lambda x: x.new_empty(x.shape))

    class Crops(nn.Module):
        def forward(self, x):
            return torch.ops.torchaudio.crop(x)

    path = tmp_path / "crops.pt2"
    torch.export.save(torch.export.export(Crops(), (torch.rand(2, 6),)), path)
    code = (
        "from serveoff.models.importing import readers\n"
        "from serveoff.models.importing.source import Source\n"
        f"readers.opened(Source(kind='torch_export', path={str(path)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "it calls the operator torchaudio::crop, " in done.stderr.splitlines()[-1]
