import os
import re
import signal
import subprocess
import sys

import numpy as np
import psutil
import pytest

from serveoff.models.manifest import digest, read_manifest
from serveoff.models.spec import REPOSITORY
from serveoff.models.weights import read_weights
from tests.uncompiled import NO_COMPILER
from tests.waiting import wait_until

STAGES = ("train", "export formats", "verify answers")
INTERRUPTED = (*STAGES[:-1], pytest.param(STAGES[-1], marks=pytest.mark.long))
"""The last one comes after half a minute of the others."""


@pytest.fixture
def artifacts(copied_model):
    return copied_model.parent


def start_export(artifacts, *arguments, **environ):
    """In the state of a shell's background, where SIGQUIT is ignored."""
    background = ("sh", "-c", 'trap "" QUIT && exec "$@"', "sh")
    return subprocess.Popen(
        [*background, sys.executable, "-m", "serveoff.models", "export", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "SERVEOFF_ARTIFACTS": str(artifacts), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_until(process, stage, artifacts):
    """Well into the stage: training has begun, which needs no worker, or a worker was started for it."""
    for line in process.stderr:
        if line.startswith(stage):
            break
    else:
        pytest.fail(f"the export ended before {stage!r}")
    if stage != STAGES[0]:
        wait_until(lambda: workers_of(artifacts), "a worker was started")


def staged_folders(artifacts):
    return [path for path in artifacts.iterdir() if ".new-" in path.name]


def workers_of(folder):
    """Processes, of whatever parent, that were given a folder on their command line."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(str(folder) in argument for argument in process.cmdline()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def test_an_export_with_nothing_to_do_changes_nothing_and_imports_no_framework(artifacts, monkeypatch):
    monkeypatch.setenv("SERVEOFF_ARTIFACTS", str(artifacts))
    before = digest(artifacts / "digits_cnn"), (artifacts / "digits_cnn").stat().st_ino
    code = (
        "import sys\nfrom serveoff.models.__main__ import main\nassert main(['export']) == 0\n"
        "print(sorted({'torch', 'tensorflow', 'keras', 'sklearn'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    message, imported = result.stdout.splitlines()
    assert message.startswith("digits_cnn: up to date in ")
    assert imported == "[]"
    assert (digest(artifacts / "digits_cnn"), (artifacts / "digits_cnn").stat().st_ino) == before


@pytest.mark.slow
@pytest.mark.long
def test_an_export_that_has_lost_an_artifact_is_made_again_with_the_same_weights(artifacts):
    model = artifacts / "digits_cnn"
    sound, weights = read_manifest(model), read_weights(model)
    (model / "torchscript" / "model.pt").unlink()
    with start_export(artifacts, **NO_COMPILER) as process:
        output, errors = process.communicate()
    assert process.returncode == 0, errors
    assert re.search(r"digits_cnn: exported to .*\(9[789]\.\d\d% on the held-out split", output)
    assert [line for line in errors.splitlines() if not line.startswith(STAGES)] == []
    made = read_manifest(model)
    assert (made.fingerprint, made.seed) == (sound.fingerprint, 7)
    again = read_weights(model)
    assert again.keys() == weights.keys()
    for name, weight in weights.items():
        np.testing.assert_array_equal(again[name], weight, err_msg=name)
    assert staged_folders(artifacts) == []


@pytest.mark.slow
@pytest.mark.parametrize("stage", INTERRUPTED)
def test_ctrl_c_leaves_the_old_model_and_nothing_else(artifacts, stage):
    before = digest(artifacts / "digits_cnn")
    with start_export(artifacts, "--force") as process:
        run_until(process, stage, artifacts)
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
    assert process.returncode == 130, errors
    assert errors.splitlines()[-1].startswith("interrupted: ")
    assert "Traceback" not in errors
    assert digest(artifacts / "digits_cnn") == before
    assert staged_folders(artifacts) == []
    assert workers_of(artifacts) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"),
    [
        *((signal.SIGINT, 130), (signal.SIGTERM, 143)),
        *(pytest.param(*one, marks=pytest.mark.long) for one in ((signal.SIGHUP, 129), (signal.SIGQUIT, 131))),
    ],
)
def test_a_first_export_that_is_ended_leaves_no_model(tmp_path, number, code):
    with start_export(tmp_path) as process:
        run_until(process, "train", tmp_path)
        process.send_signal(number)
        errors = process.stderr.read()
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


@pytest.mark.slow
@pytest.mark.parametrize("stage", INTERRUPTED)
def test_kill_9_leaves_the_old_model_and_no_worker(artifacts, stage):
    before = digest(artifacts / "digits_cnn")
    with start_export(artifacts, "--force") as process:
        run_until(process, stage, artifacts)
        process.kill()
    assert digest(artifacts / "digits_cnn") == before
    assert len(staged_folders(artifacts)) == 1
    psutil.wait_procs(workers_of(artifacts), timeout=60)
    assert workers_of(artifacts) == []
    with start_export(artifacts) as process:
        assert "up to date" in process.communicate()[0]
    assert staged_folders(artifacts) == []


def test_an_unknown_model_is_named(artifacts):
    with start_export(artifacts, "resnet") as process:
        errors = process.communicate()[1]
    assert process.returncode == 3
    assert errors.startswith("error: there is no model 'resnet'")


def test_a_folder_that_cannot_be_used_is_one_message_and_an_exit_code_of_its_own(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", "/proc/self"):
        with start_export(folder) as process:
            errors = process.communicate()[1]
        assert process.returncode == 10, errors
        assert errors.startswith(f"error: cannot use {folder}")
        assert errors.endswith("next: free some space, or name another folder: SERVEOFF_ARTIFACTS=FOLDER\n")
        assert "Traceback" not in errors


def test_an_export_waits_for_another_of_the_same_model(artifacts):
    code = (
        "import pathlib, sys\nfrom serveoff.models.staging import locked\n"
        "with locked(pathlib.Path(sys.argv[1])):\n    print('locked', flush=True)\n    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, artifacts / "digits_cnn"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder, start_export(artifacts) as waiting:
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=3)
        holder.stdin.close()
        assert "up to date" in waiting.communicate()[0]
