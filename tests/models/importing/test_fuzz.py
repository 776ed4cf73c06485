"""Damaged model files: a clear error, never a traceback, a hang or a half-written model.

Each kind's files are damaged hundreds of times for the checks that run before any framework, and fifteen times more, in
`make test-long` hundreds, for the process that loads what passes them. Some go through the whole command.
"""

import json
import os
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from serveoff.models.importing import kinds
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.source import Source
from serveoff.models.spec import REPOSITORY

from .conftest import PACKAGES, environ
from .mutations import damaged, damaged_inside, flipped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

CASES = 200
FEW_LOADED, LOADED = 15, int(os.environ.get("SERVEOFF_FUZZ", "200"))
SECONDS = 60
FILES = {
    "keras": ("tensorflow", "keras.keras"),
    "savedmodel": ("tensorflow", "saved/saved_model.pb"),
    "frozen_graph": ("tensorflow", "frozen.pb"),
    "torchscript": ("pytorch", "script.pt"),
    "torch_export": ("pytorch", "program.pt2"),
    "torch": ("pytorch", "weights.pt"),
    "onnx": ("onnx", "model.onnx"),
}
many = settings(
    max_examples=CASES, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate], database=None,
    derandomize=True, suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(params=sorted(FILES))
def kind(request):
    if request.param == "onnx":
        pytest.importorskip("onnx")
    return request.param


@pytest.fixture
def sound(kind, make):
    maker, name = FILES[kind]
    return make(maker) / name


def place(kind: str, sound: Path, folder: Path, content: bytes) -> Source:
    """A source of that kind with the damaged content in place of the sound one."""
    if kind == "torch":
        (folder / sound.name).write_bytes(content)
        return Source(kind=kind, path="tiny_nets.nets:perceptron", weights=str(folder / sound.name))
    if kind != "savedmodel":
        (folder / sound.name).write_bytes(content)
        return Source(kind=kind, path=str(folder / sound.name))
    copy = folder / "saved"
    if not copy.is_dir():
        copy.mkdir()
        (copy / "variables").symlink_to(sound.parent / "variables")
    (copy / sound.name).write_bytes(content)
    return Source(kind=kind, path=str(copy))


def strategy(kind: str, content: bytes):
    inside = kind in ("keras", "torchscript", "torch_export", "torch")
    return st.one_of(damaged(content), damaged_inside(content)) if inside else damaged(content)


def refused(source: Source, path: Path) -> bool:
    """Whether the check refuses a source: if so, it says which file, why, and what to do."""
    try:
        kinds.find(source.kind).check(source)
    except ImportFailed as failed:
        error = failed
    else:
        return False
    assert str(path) in str(error)
    assert error.problem.advice
    return True


def test_a_sound_file_passes(kind, sound, tmp_path):
    kinds.find(kind).check(place(kind, sound, tmp_path, sound.read_bytes()))


def test_checks_before_any_framework_say_what_is_wrong_and_what_to_do(kind, sound, tmp_path):
    content, ends = sound.read_bytes(), []

    @many
    @given(strategy(kind, content))
    def check(copy):
        ends.append(refused(place(kind, sound, tmp_path, copy), tmp_path))

    check()
    assert sum(ends) > CASES / 4
    assert {path.name for path in tmp_path.iterdir()} <= {sound.name, "saved"}


def test_safetensors_are_checked_whole(tmp_path):
    header = {
        "w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "b": {"dtype": "I64", "shape": [], "data_offsets": [24, 32]},
    }
    text = json.dumps(header).encode()
    content = len(text).to_bytes(8, "little") + text + bytes(32)
    path, ends = tmp_path / "weights.safetensors", []
    source = Source(kind="torch", path="a.b:c", weights=str(path))
    path.write_bytes(content)
    assert not refused(source, path)

    @many
    @given(damaged(content[:-32]))
    def check(head):
        path.write_bytes(head + bytes(32))
        ends.append(refused(source, path))

    check()
    assert sum(ends) > CASES * 3 / 4


@contextmanager
def fork_server(kind: str):
    search = os.pathsep.join((str(REPOSITORY), str(PACKAGES)))
    env = environ(PYTHONPATH=search, SERVEOFF_JOB_ADDRESS_SPACE=str(64 << 30), TF_CPP_MIN_LOG_LEVEL="2")
    command = [sys.executable, "-m", "tests.models.importing.fork_server", kind]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env, cwd=REPOSITORY) as server:
        assert server.stdout.readline() == "ready\n"
        yield server
        server.stdin.close()


@pytest.mark.parametrize("loaded", [FEW_LOADED, pytest.param(LOADED, marks=pytest.mark.long)])
def test_the_process_that_loads_them_ends_with_a_reason(kind, sound, tmp_path, loaded):
    """Only files that pass the checks get so far: their damage is such that no checksum or length gives it away."""
    if kind == "onnx":
        pytest.importorskip("onnxruntime")
    content = sound.read_bytes()
    output, log = tmp_path / "output", tmp_path / "log"
    copies = damaged_inside(content) if zipfile.is_zipfile(sound) else flipped(content)
    ends = {"loaded": 0, "refused": 0, "crashed": 0}
    (tmp_path / "model").mkdir()

    with fork_server(kind) as server:

        @settings(many, max_examples=loaded)
        @given(copies)
        def load(copy):
            source = place(kind, sound, tmp_path / "model", copy)
            assume(not refused(source, tmp_path))
            job = {"source": source.model_dump_json(), "output": str(output), "log": str(log), "seconds": SECONDS}
            server.stdin.write(json.dumps(job) + "\n")
            server.stdin.flush()
            status = int(server.stdout.readline())
            assert status != -1, f"hangs: {log.read_text()[-2000:]}"
            lines = output.read_text().splitlines()
            if os.WIFSIGNALED(status):
                ends["crashed"] += 1
            elif os.WEXITSTATUS(status) == 0:
                assert "result" in json.loads(lines[-1])
                ends["loaded"] += 1
            else:
                assert json.loads(lines[-1])["refused"]["reason"], log.read_text()
                ends["refused"] += 1

        load()
    print(kind, ends)
    assert ends["refused"] + ends["crashed"] > 0


@pytest.mark.parametrize("share", [0.3, *(pytest.param(share, marks=pytest.mark.long) for share in (0.0, 0.9))])
def test_the_whole_command_leaves_no_model_of_a_truncated_file(kind, sound, tmp_path, bring, share):
    content = sound.read_bytes()
    source = place(kind, sound, tmp_path, content[: int(len(content) * share)])
    flags = ["--weights", source.weights] if source.weights else []
    brought = bring(source.path, "--kind", kind, *flags)
    assert brought.code == 3
    first, *rest = brought.errors.splitlines()
    assert first.startswith("error: ")
    assert str(tmp_path) in first
    assert any(line.startswith("  next: ") for line in rest)
    assert brought.folders == []
