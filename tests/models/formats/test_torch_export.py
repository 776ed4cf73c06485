"""An exported program: compiled for this machine where that can be done, and run as it is where not."""

import shutil

import pytest

from serveoff.models.agreement import agreement
from serveoff.models.formats import torch_export
from serveoff.models.frameworks import exported_program
from serveoff.models.golden import read_golden
from serveoff.models.zoo import load_spec

pytestmark = pytest.mark.slow
SPEC = load_spec("digits_cnn")
BATCHES = (0, 1, 2, 5)


@pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler: nothing was compiled")
def test_the_compiled_library_is_run_in_both_ways_of_calling_it(model_dir):
    loaded = torch_export.load(model_dir / "torch_export", SPEC)
    assert (loaded.executor, loaded.device, loaded.intra_op_threads) == ("AOTInductor", "cpu", 1)
    for predict in (loaded.predict, loaded.quickest()):
        assert agreement(predict, read_golden(model_dir), batches=BATCHES).ok


def test_on_another_kind_of_cpu_the_program_is_run_as_it_is(model_dir, tmp_path, monkeypatch):
    other = tmp_path / "cpuinfo"
    other.write_text("processor: 0\nflags: fpu sse2\n")
    monkeypatch.setattr(exported_program, "CPUINFO", other)
    loaded = torch_export.load(model_dir / "torch_export", SPEC)
    assert (loaded.executor, loaded.quickest) == ("torch.export", None)
    assert agreement(loaded.predict, read_golden(model_dir), batches=BATCHES).ok


def test_a_kind_of_cpu_is_the_instructions_that_it_knows(tmp_path, monkeypatch):
    def named(text):
        monkeypatch.setattr(exported_program, "CPUINFO", tmp_path / "cpuinfo")
        (tmp_path / "cpuinfo").write_text(text)
        return exported_program.compiled_file()

    one = named("processor: 0\nflags: fpu sse2 avx2\nMHz: 1\nprocessor: 1\nflags: fpu sse2 avx2\n")
    assert one == named("flags: avx2 sse2 fpu\nMHz: 2\n")
    assert one != named("flags: fpu sse2\n")
    assert one.startswith("compiled-")
