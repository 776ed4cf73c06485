"""What goes wrong in real life: a wrong weight, a killed server, Ctrl-C, a user's slip."""

import io
import json
import os
import shutil
import signal

import pytest

from serveoff.loadtests.problems import WindowCode
from serveoff.measure.runtimes.host_client import LOCUSTFILE
from serveoff.models.manifest import digest
from serveoff.record.suite import load_suite
from tests.command_line import MEASURED

pytestmark = pytest.mark.slow

SMALL = ("--profile", "quick", "--duration", "1", "--warmup", "0.2", "--concurrency", "1,4", "--rounds", "2")


def change_one_weight(folder):
    """Alter one weight of the torch_eager artifact and make the manifest's hash fit, as no accident could."""
    import torch

    artifact = folder / "torch_eager"
    (file,) = artifact.iterdir()
    state = torch.load(file, weights_only=True)
    name = next(name for name in state if name.endswith("bias"))
    state[name].view(-1)[0] += 0.5
    buffer = io.BytesIO()
    torch.save(state, buffer)
    file.write_bytes(buffer.getvalue())
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["artifacts"]["torch_eager"]["sha256"] = digest(artifact)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_an_artifact_with_one_weight_changed_is_caught_and_not_ranked(cli, tmp_path):
    shutil.copytree(cli.artifacts, tmp_path / "artifacts")
    cli.artifacts = tmp_path / "artifacts"
    change_one_weight(cli.artifacts / "digits_cnn")
    result = cli.run("run", "flask-torch-eager", "flask-torchscript", *SMALL, "--rounds", "1")
    assert result.returncode in MEASURED, result.stderr
    wrong, right = cli.suite.endpoint("flask-torch-eager-rest"), cli.suite.endpoint("flask-torchscript-rest")
    assert not wrong.gate.passed
    assert "golden input" in wrong.gate.problem.text
    assert wrong.windows == []
    assert right.gate.passed
    assert all(w.requests and not w.problems for w in right.windows)
    report = json.loads(next((tmp_path / "reports").rglob("report.json")).read_text())
    entries = {entry["result"]["endpoint"]: entry for entry in report["entries"]}
    assert entries["flask-torch-eager-rest"]["rank"] is None
    assert "golden" in _reasons(entries["flask-torch-eager-rest"])
    assert "golden" not in _reasons(entries["flask-torchscript-rest"]), "noise alone may keep it from a rank"


def test_a_server_killed_amid_a_run_is_an_invalid_row_and_the_run_goes_on(cli):
    process = cli.start("run", "flask-tuned-null", "flask-tuned-onnx", *SMALL, "--rounds", "4")
    cli.wait_until(lambda: _measured(cli), process)
    victim = next(p for p in cli.running("serveoff.services.flaskrest") if p.environ()["SERVING_FORMAT"] == "null")
    os.killpg(os.getpgid(victim.pid), signal.SIGKILL)
    _, err = process.communicate(timeout=200)
    assert process.returncode in MEASURED, err
    killed, other = cli.suite.endpoint("flask-tuned-null-rest"), cli.suite.endpoint("flask-tuned-onnx-rest")
    assert any(p.code == WindowCode.SERVER_ENDED for w in killed.windows for p in w.problems)
    assert any("SIGKILL" in p.text for w in killed.windows for p in w.problems)
    assert len(other.windows) == 8
    assert all(not w.problems and w.requests for w in other.windows)
    report = next((cli.folder / "reports").rglob("report.md")).read_text()
    assert "INVALID" in report


def test_a_worker_that_is_replaced_makes_its_slice_invalid_and_is_said_aloud(cli):
    process = cli.start("run", "flask-tuned-null", *SMALL, "--warmup", "0", "--duration", "4", "--concurrency", "1")
    cli.wait_until(lambda: _driven(cli), process)
    master = next(p for p in cli.running("serveoff.services.flaskrest") if p.children())
    (worker,) = master.children()
    worker.kill()
    _, err = process.communicate(timeout=200)
    assert f"process {worker.pid} of the server ended" in err
    replaced, *others = sorted(
        cli.suite.endpoint("flask-tuned-null-rest").windows, key=lambda window: not window.problems
    )
    assert WindowCode.SERVER_REPLACED in [problem.code for problem in replaced.problems]
    assert all(not window.problems for window in others)


MOMENTS = {
    "cold start": lambda cli: lambda: cli.running("serveoff.services.flaskrest"),
    "gate passed": lambda cli: lambda: _suite(cli) and any(e.gate for e in _suite(cli).endpoints),
    "locust starts": lambda cli: lambda: cli.running(str(LOCUSTFILE)),
    "in a slice": lambda cli: lambda: _driven(cli),
}


def interrupt(cli, moment):
    """Ctrl-C at a moment of a run leaves no process and a readable partial report."""
    process = cli.start("run", "flask-tuned-null", "inprocess-torchscript", *SMALL, "--rounds", "7")
    cli.wait_until(moment, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "serveoff run --resume" in err
    assert "Traceback" not in err
    assert cli.processes() == []
    assert not cli.suite.complete
    report = next((cli.folder / "reports").rglob("report.md")).read_text()
    assert "partial" in report.lower()


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_leaves_no_process_and_a_readable_partial_report(cli, moment):
    interrupt(cli, MOMENTS[moment](cli))


def test_ctrl_c_while_the_model_is_exported_leaves_nothing(cli, tmp_path):
    cli.artifacts = tmp_path / "artifacts"
    process = cli.start("run", "flask-tuned-null", *SMALL)
    cli.wait_until(lambda: cli.running("serveoff.models"), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert cli.processes() == []
    assert not (tmp_path / "artifacts" / "digits_cnn").exists()


def test_a_run_interrupted_when_it_has_measured_is_finished_by_resume(cli):
    interrupt(cli, lambda: _measured(cli))
    kept = [w for e in cli.suite.endpoints for w in e.windows]
    assert kept
    result = cli.run("run", "--resume", "latest")
    assert result.returncode in MEASURED, result.stderr
    assert cli.suite.complete
    measured = {e.endpoint: sorted((w.round, w.load.text) for w in e.windows) for e in cli.suite.endpoints}
    assert measured["flask-tuned-null-rest"] == [(1, "1"), (1, "4"), (7, "1"), (7, "4")]
    floor = [(1, "1"), (1, "1/as_served"), (4, "1"), (7, "1"), (7, "1/as_served")]
    assert measured["inprocess-torchscript"] == floor
    after = [w for e in cli.suite.endpoints for w in e.windows]
    assert all(w in after for w in kept), "what was measured is kept"
    numbers = [w.number for w in after]
    assert len(set(numbers)) == len(numbers)


SLIPS = {
    ("run", "nosuch"): (4, "no deployment or endpoint is called 'nosuch'"),
    ("run", "--profile", "nosuch"): (2, "no profile is called 'nosuch'"),
    ("run", "--concurrency", "a,b"): (2, "is not a list of numbers"),
    ("run", "--server-cpus", "999"): (2, "core 999 is not available"),
    ("run", "--resume", "nosuch"): (6, "no run is called 'nosuch'"),
    ("run", "--runtime", "nosuch"): (2, "no runtime is called 'nosuch'"),
    ("run", "--load-from", "container"): (2, "add --runtime docker"),
    ("run", "--rounds", "0"): (2, "should be greater than or equal to 1"),
    ("report", "nosuch"): (6, "no run is called 'nosuch'"),
    ("serve", "nosuch"): (4, "no deployment is called 'nosuch'"),
    ("serve", "inprocess-torchscript"): (2, "is an in-process floor"),
    ("export", "--model", "nosuch"): (3, "nosuch"),
    ("nosuch",): (2, "No such command"),
}


@pytest.mark.parametrize("arguments", SLIPS, ids=" ".join)
def test_a_slip_is_one_clear_message_and_its_own_exit_code(cli, arguments):
    code, message = SLIPS[arguments]
    result = cli.run(*arguments)
    assert result.returncode == code, result.stderr
    assert message in result.stderr.replace("\n", " ").replace("│", "").replace("  ", " ")
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) < 24


def test_a_deployment_that_is_not_there_is_told_before_the_model_is_exported(cli, tmp_path):
    cli.artifacts = tmp_path / "artifacts"
    result = cli.run("serve", "nosuch")
    assert result.returncode == 4
    assert not cli.artifacts.exists()


def test_without_an_engine_docker_is_refused_and_says_what_to_do(cli, tmp_path):
    cli.settings = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    result = cli.run("run", "--runtime", "docker")
    assert result.returncode == 8
    assert "no Docker engine answers" in result.stderr
    assert "make compare" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) < 24


def test_an_artifact_that_changes_after_the_export_is_a_row_that_says_why(cli, tmp_path):
    shutil.copytree(cli.artifacts, tmp_path / "artifacts")
    cli.artifacts = tmp_path / "artifacts"
    process = cli.start("run", "flask-torchscript", "flask-torch-eager", *SMALL, "--rounds", "1")
    cli.wait_until(lambda: _suite(cli), process)
    (file,) = (cli.artifacts / "digits_cnn" / "torch_eager").iterdir()
    file.write_bytes(file.read_bytes() + b"x")
    _, err = process.communicate(timeout=120)
    assert process.returncode in MEASURED, err
    assert "was changed after its export" in cli.suite.endpoint("flask-torch-eager-rest").unavailable.text
    assert cli.suite.endpoint("flask-torchscript-rest").windows


def _suite(cli):
    return load_suite(cli.run_folder) if list(cli.folder.glob("results/*/run.json")) else None


def _measured(cli):
    """Slices that are on disk."""
    return [line for path in cli.folder.glob("results/*/slices.jsonl") for line in path.read_text().splitlines()]


def _driven(cli):
    """True while an endpoint answers the load generator: rows come after the first second of a run's slices."""
    return cli.running(str(LOCUSTFILE)) and any(cli.folder.glob("results/*/rows/*.parquet"))


def _reasons(entry):
    """Why the points of an endpoint are INVALID, as the report says it."""
    return " ".join(f["seen"] for p in entry["points"] for f in p["verdict"]["findings"] if f["fatal"])
