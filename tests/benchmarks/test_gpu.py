"""`make gpu` as far as a machine without a GPU can tell: what it says of runs whose truth is known, and how it ends."""

import subprocess
import sys

import pytest

from benchmarks import fallen_flask, gpu
from benchmarks.sensitivity import launchable
from serveoff.analyse.analysis import compare
from serveoff.measure import run_lifecycle
from serveoff.measure.audit.reported_settings import read_device
from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.readiness import wait_ready
from serveoff.models.spec import REPOSITORY
from serveoff.record.suite import load_suite
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.written_runs import save_run

CARD = gpu.Card("NVIDIA Test Card", "2.13.0", "13.0")
STANDS_FOR = {"flask-torch-eager": gpu.EAGER, "flask-torchscript": gpu.FELL_BACK}
"""Deployments of the synthetic run, to those of the check that are in no registry."""
ON_CPU = {"flask-torchscript": "cpu"}


def ran(folder, devices=ON_CPU, energy=True, **faults):
    """A run on a GPU that used 2 J for every request of one caller."""
    only = tuple(f"{name}-rest" for name in ("flask-tuned-torchscript", "flask-tuned-onnx", *STANDS_FOR))
    run = write_run(folder / "run", Scenario(only=only, device="cuda"), Faults(devices=devices, **faults))
    suite = load_suite(run)
    for result in suite.endpoints:
        result.deployment = STANDS_FOR.get(result.deployment, result.deployment)
        for window in result.windows if energy else ():
            window.gpu_energy_j = 2.0 * window.requests
    save_run(run, suite)
    return compare(run)


def test_where_all_is_as_it_must_be_there_is_no_fault_and_every_figure(tmp_path):
    found = ran(tmp_path)
    assert gpu.faults(found) == []
    block = gpu.markdown(found, CARD)
    assert block.startswith("## NVIDIA Test Card\n\nRun run, digits_cnn, PyTorch 2.13.0 with CUDA 13.0")
    (onnx,) = [line for line in block.splitlines() if line.startswith("| ONNX")]
    assert "| cuda:0 | passed |" in onnx
    assert "| VALID |" in onnx
    assert "| 2.00 J |" in onnx
    (fallen,) = [line for line in block.splitlines() if "made to fall back" in line]
    assert "| cpu |" in fallen
    assert fallen.endswith("| INVALID | – | – | – | – |")
    assert "the deployment that fell back is INVALID" in block


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"devices": ON_CPU | {"flask-tuned-onnx": "cpu+cuda:0"}}, "flask-tuned-onnx: it computed on cpu+cuda:0."),
        ({"devices": ON_CPU | {"flask-tuned-onnx": None}}, "it computed on a device that it does not name."),
        ({"gate_failed": ("flask-tuned-torchscript-rest",)}, "flask-tuned-torchscript: it answers wrongly: "),
        ({"unavailable": ("flask-torch-eager-rest",)}, f"{gpu.EAGER}: no Java 17"),
        ({"devices": {}}, f"{gpu.FELL_BACK} computed on the CPU and is not INVALID for it."),
    ],
)
def test_each_thing_that_does_not_hold_is_said(tmp_path, changes, says):
    found = ran(tmp_path, **changes)
    (fault,) = gpu.faults(found)
    assert says in fault
    assert f"- {fault}" in gpu.markdown(found, CARD)


def test_without_a_counter_there_are_no_joules(tmp_path):
    found = ran(tmp_path, energy=False)
    assert gpu.faults(found) == []
    assert " J |" not in gpu.markdown(found, CARD)


def test_the_registry_has_both_of_its_own_deployments_meanwhile():
    with gpu.registered():
        registry = run_lifecycle.registry_for("digits_cnn")
        eager, fallen = (find_deployment(registry, name) for name in (gpu.EAGER, gpu.FELL_BACK))
    assert (eager.server, eager.format, eager.environment["SERVING_FORMAT"]) == ("flask-tuned", *["torch_eager"] * 2)
    assert fallen.launcher == fallen_flask.__name__
    asked = gpu.settings("digits_cnn", 4.0)
    assert (asked.device, asked.batches, asked.concurrencies) == ("cuda", [gpu.ROWS], [gpu.ALONE, gpu.MANY])


@pytest.mark.slow
def test_without_a_gpu_it_ends_at_once_with_a_sentence_and_a_code_of_its_own():
    if gpu.card() is not None:
        pytest.skip("there is a CUDA GPU")
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (gpu.NO_GPU, "")
    assert ended.stderr == "There is no CUDA GPU that PyTorch can use here: nothing was measured.\n"


@pytest.mark.slow
def test_the_one_that_falls_back_serves_from_the_cpu_though_a_gpu_was_asked_for(model_dir, tmp_path):
    asked = gpu.settings("digits_cnn", 1.0, [gpu.FELL_BACK])
    with gpu.registered(), launchable(fallen_flask), run_lifecycle.opened(asked, tmp_path) as runtime:
        deployment, _ = runtime.resolve(find_deployment(run_lifecycle.registry_for("digits_cnn"), gpu.FELL_BACK))
        assert deployment.environment["SERVING_DEVICE"] == "cuda"
        server = runtime.start(deployment)
        try:
            wait_ready(server)
            assert read_device(server) == "cpu"
        finally:
            server.stop()
