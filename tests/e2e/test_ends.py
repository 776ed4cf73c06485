"""However a command ends, nothing of it is left: a closed terminal, SIGQUIT, a full disk, a folder that is removed."""

import os
import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.record.raw_rows import read_run_rows
from serveoff.record.suite import SUITE_NAME
from tests.command_line import MEASURED

pytestmark = pytest.mark.slow

SMALL = ("--profile", "quick", "--duration", "1", "--warmup", "0.2", "--concurrency", "1,4", "--rounds", "4")
ON_TERMINAL = """
import os, sys
os.open(os.ttyname(0), os.O_RDWR)
os.execv(sys.executable, [sys.executable, "-m", "serveoff", *sys.argv[1:]])
"""
"""Whoever leads a session and opens a terminal has it from then on."""


def frozen(cli):
    return [process for process in cli.running("-m") if process.status() == psutil.STATUS_STOPPED]


def slices(cli):
    """Those on disk."""
    return [line for path in cli.folder.glob("results/*/slices.jsonl") for line in path.read_text().splitlines()]


def amid_a_run(cli):
    """Slices are kept, and a server is frozen while another is measured."""
    return slices(cli) and frozen(cli)


def left_in_temporary_folders(cli):
    return [*cli.folder.glob("results/*/logs/scratch-*"), *cli.folder.glob("results/**/.*.[0-9]*"), *temporary(cli)]


def temporary(cli):
    folder = cli.folder / "tmp"
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock")]


@pytest.fixture
def cli(cli):
    (cli.folder / "tmp").mkdir()
    cli.settings = {"TMPDIR": str(cli.folder / "tmp"), "COLUMNS": "300"}
    return cli


def on_terminal(cli, *arguments):
    """The command as the leader of a session on a terminal of its own, and whoever reads that, and has it alone."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-c", ON_TERMINAL, *arguments]
    process = subprocess.Popen(
        command, env=cli.environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    reader = subprocess.Popen(["cat"], stdin=ours, stdout=subprocess.DEVNULL)
    os.close(ours)
    return process, reader


def close(terminal):
    terminal.kill()
    terminal.wait()


@pytest.mark.parametrize(
    "signum",
    [signal.SIGHUP, *(pytest.param(number, marks=pytest.mark.long) for number in (signal.SIGQUIT, signal.SIGTERM))],
)
def test_a_signal_ends_a_run_as_ctrl_c_does(cli, signum):
    process = cli.start("run", "flask-tuned-null", "flask-tuned-onnx", *SMALL)
    cli.wait_until(lambda: amid_a_run(cli), process)
    process.send_signal(signum)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "serveoff run --resume" in err
    assert "Traceback" not in err
    assert cli.processes() == []
    assert left_in_temporary_folders(cli) == []
    assert "partial" in next(cli.folder.glob("reports/*/report.md")).read_text().lower()


def test_ctrl_c_that_ends_the_reader_of_a_pipe_too_ends_a_run_as_ever(cli):
    """`serveoff run 2>&1 | tee log`: both get it, and nothing that is said afterwards is read."""
    process = cli.start("run", "flask-tuned-null", "flask-tuned-onnx", *SMALL)
    cli.wait_until(lambda: amid_a_run(cli), process)
    process.stdout.close()
    process.stderr.close()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert cli.processes() == []
    assert left_in_temporary_folders(cli) == []
    assert "partial" in next(cli.folder.glob("reports/*/report.md")).read_text().lower()


def test_a_closed_terminal_ends_a_run_whose_report_is_written(cli):
    """Keras traces its network, and leaves a file of that in the temporary folder."""
    process, terminal = on_terminal(cli, "run", "flask-tuned-null", "flask-keras-eager", *SMALL)
    cli.wait_until(lambda: amid_a_run(cli), process)
    close(terminal)
    assert process.wait(60) == 130
    assert cli.processes() == []
    assert left_in_temporary_folders(cli) == []
    assert "partial" in next(cli.folder.glob("reports/*/report.md")).read_text().lower()


def test_a_closed_terminal_ends_a_served_deployment(cli):
    process, terminal = on_terminal(cli, "serve", "flask-tuned-null", "--rest-port", str(free_port()))
    cli.wait_until(lambda: list(cli.folder.glob("state/running/*.json")), process)
    close(terminal)
    assert process.wait(60) == 0
    assert cli.processes() == []
    assert left_in_temporary_folders(cli) == []
    assert not list(cli.folder.glob("state/running/*.json"))


def test_on_a_full_disk_all_is_stopped_and_what_was_measured_is_kept_and_can_be_gone_on_with(cli):
    """No file of the runner's may have a byte more: to it a full disk is no other thing."""
    process = cli.start("run", "flask-tuned-null", "flask-tuned-onnx", *SMALL)
    cli.wait_until(lambda: amid_a_run(cli), process)
    psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE, (0, 0))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 10, err
    assert cli.processes() == []
    assert "Traceback" not in err
    said = " ".join(err.split())
    assert f"cannot write to {cli.run_folder}: File too large" in said
    assert f"serveoff run --resume {cli.run_folder.name}" in said
    assert left_in_temporary_folders(cli) == []
    kept = slices(cli)
    assert len(read_run_rows(cli.run_folder)) >= sum(w.requests for e in cli.suite.endpoints for w in e.windows) > 0
    assert cli.run("report", "latest").returncode == 0
    result = cli.run("run", "--resume", "latest")
    assert result.returncode in MEASURED, result.stderr
    assert cli.suite.complete
    assert slices(cli)[: len(kept)] == kept


def test_a_results_folder_that_is_removed_amid_a_run_ends_it(cli):
    process = cli.start("run", "flask-tuned-null", "flask-tuned-onnx", *SMALL, "--rounds", "40")
    cli.wait_until(lambda: amid_a_run(cli), process)
    shutil.rmtree(cli.folder / "results")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 10, err
    assert "it was removed" in " ".join(err.split())
    assert "Traceback" not in err
    assert cli.processes() == []
    assert not list(cli.folder.glob(f"results/*/{SUITE_NAME}"))


@pytest.mark.parametrize("name", ["results", "reports"])
def test_where_no_folder_can_be_is_told_before_anything_is_exported(cli, tmp_path, name):
    cli.artifacts = tmp_path / "artifacts"
    (cli.folder / name).write_text("")
    result = cli.run("run", "flask-tuned-null", *SMALL)
    assert result.returncode == 10, result.stderr
    assert f"SERVEOFF_{name.upper()}=FOLDER" in result.stderr
    assert not cli.artifacts.exists()
