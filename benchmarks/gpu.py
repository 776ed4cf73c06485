"""TorchScript, eager PyTorch and ONNX on a CUDA GPU behind tuned Flask: `make gpu`, or `python -m benchmarks.gpu`.

One run of `--minutes`, whose result is printed as a block of Markdown that begins with the card's name:

- the device that each server reports: `cuda:0`, or the check is not met;
- the agreement gate on that device, with its largest error, and the verdict on its points;
- joules per request, of all GPUs of the machine, idle power included;
- and a fourth deployment, TorchScript that falls back to the CPU without a word (benchmarks/fallen_flask.py), which
  must be INVALID for its device.

The exit code is 0 where all of that holds and 1 where something does not. Where there is no CUDA GPU it is 77, at
once and with one sentence. It needs a PyTorch with CUDA and `onnxruntime-gpu`; an ONNX Runtime without CUDA refuses to
start, and the block says so.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console

from benchmarks import fallen_flask, twins
from benchmarks.sensitivity import launchable
from benchmarks.twins import ALONE, MANY, carried_out, run
from serveoff.analyse.analysis import compare
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.verdict import FindingCode
from serveoff.loadtests.loads import Load, closed
from serveoff.measure.plan.profiles import run_settings
from serveoff.measure.runtimes.cpus import plan_cpus
from serveoff.record.settings import RunSettings
from serveoff.report.phrases.names import format_name
from serveoff.report.phrases.numbers import full, ms, percent, significant

NO_GPU = 77
"""The exit code that test programs end with where they cannot run (Automake, section 15.2)."""
ASK = """
import torch
if torch.cuda.is_available():
    print(torch.cuda.get_device_name(0), torch.__version__, torch.version.cuda, sep="|")
"""
MADE_FROM = "flask-tuned-torchscript"
EAGER, FELL_BACK = "flask-tuned-torch-eager", "flask-tuned-torchscript-fell-back"
CHECKED = (MADE_FROM, EAGER, "flask-tuned-onnx")
ROWS = 32
SLICE_S = 1.0
"""A board's counter of energy moves every tenth of a second or so: a slice must hold many of its steps."""


@dataclass(frozen=True)
class Card:
    """A GPU by its name, and what PyTorch sees it with."""

    name: str
    torch: str
    cuda: str


def card() -> Card | None:
    """The first CUDA GPU as PyTorch sees it, asked in a process of its own; None where there is none."""
    said = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=False)
    return Card(*said.stdout.strip().split("|")) if said.returncode == 0 and said.stdout.strip() else None


@contextmanager
def registered() -> Iterator[None]:
    """The registry with two deployments more."""
    blocks = {EAGER: _block("torch_eager"), FELL_BACK: _block("torchscript", fallen_flask.__name__)}
    with twins.registered(blocks):
        yield


def settings(model: str, minutes: float, names: Sequence[str] = (*CHECKED, FELL_BACK)) -> RunSettings:
    """Of a run on a GPU: one caller, many, and many rows a request."""
    cpus = plan_cpus()
    return run_settings(
        "quick",
        model=model,
        endpoints=list(names),
        concurrencies=[ALONE, MANY],
        batches=[ROWS],
        minutes=minutes,
        slice_s=SLICE_S,
        device="cuda",
        extra=["onnx"],
        server_cpus=list(cpus.server),
        client_cpus=list(cpus.client),
    )


def measured(asked: RunSettings, results: Path) -> Comparison:
    """Export the model, carry the run out, and compare."""
    with registered(), launchable(fallen_flask), patch.dict(os.environ, SERVEOFF_RESULTS=str(results)):
        return compare(carried_out(asked, Console(stderr=True)))


def faults(comparison: Comparison) -> list[str]:
    """What does not hold, a sentence each."""
    known = {entry.result.deployment: entry for entry in comparison.entries}
    found = []
    for name in CHECKED:
        if name not in known:
            found.append(f"{name} was not measured.")
        elif fault := _fault(known[name]):
            found.append(f"{name}: {fault}.")
    if FELL_BACK not in known or not _invalid_for_its_device(known[FELL_BACK]):
        found.append(f"{FELL_BACK} computed on the CPU and is not INVALID for it.")
    return found


def markdown(comparison: Comparison, gpu: Card) -> str:
    """What was found, as a section of a document."""
    suite = comparison.suite
    found = faults(comparison)
    head = f"Run {suite.run_id}, {suite.settings.model}, PyTorch {gpu.torch} with CUDA {gpu.cuda}, one worker, REST."
    columns = (
        *("deployment", "device", "gate", "largest error", "verdict"),
        *("p50, 1 caller", "req/s, 16 callers", "J/request, 1 caller", f"J/request, {ROWS} rows"),
    )
    rows = [_row(entry) for entry in comparison.entries if entry.role == "contender"]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, ["---"] * len(columns), *rows))
    checks = found or ["Devices, gates and verdicts are as they must be; the deployment that fell back is INVALID."]
    energy = "Joules are those of all GPUs of the machine, idle power included; intervals are 95%."
    return "\n\n".join((f"## {gpu.name}", head, table, "\n".join(f"- {line}" for line in checks), energy))


def joules(entry: Entry, load: Load) -> float | None:
    """Per request, over all slices of one load; None where no GPU counts its energy."""
    slices = [window for window in entry.result.windows_of(load) if window.requests and not window.problems]
    used = [window.gpu_energy_j for window in slices]
    if not used or any(one is None for one in used):
        return None
    return sum(one for one in used if one is not None) / sum(window.requests for window in slices)


def _block(format: str, launcher: str = "") -> dict[str, Any]:
    """The tuned Flask service of another format, on free ports."""
    block = twins.service(MADE_FROM)
    block["environment"]["SERVING_FORMAT"] = block["labels"]["serving.format"] = format
    block["labels"] |= {"serving.launcher": launcher} if launcher else {}
    return block


def _fault(entry: Entry) -> str:
    result = entry.result
    if result.unavailable is not None:
        return result.unavailable.text.splitlines()[0]  # after it comes the server's log
    if not (result.device or "").startswith("cuda"):
        return f"it computed on {result.device or 'a device that it does not name'}"
    if result.gate is None or not result.gate.passed:
        problem = result.gate.problem if result.gate else None
        return f"it answers wrongly: {problem.text if problem else 'the gate failed'}"
    return "" if entry.alone is not None and entry.alone.valid else "its points are INVALID"


def _invalid_for_its_device(entry: Entry) -> bool:
    findings = [finding for point in entry.points for finding in point.verdict.findings]
    return bool(entry.points) and any(finding.fatal and finding.code is FindingCode.DEVICE for finding in findings)


def _row(entry: Entry) -> list[str]:
    result, gate = entry.result, entry.result.gate
    alone, many = (point if point is not None and point.valid else None for point in (entry.alone, entry.at(MANY)))
    share = gate.worst_share if gate is not None else None
    loads = closed(ALONE), Load(concurrency=ALONE, batch=ROWS)
    energy = [joules(entry, load) if alone is not None else None for load in loads]
    return [
        f"{format_name(result.format)}{', made to fall back' if result.deployment == FELL_BACK else ''}",
        result.device or "–",
        "–" if gate is None else "passed" if gate.passed else "failed",
        "–" if share is None else f"{percent(share)} of what is allowed",
        "–" if entry.alone is None else "VALID" if entry.alone.valid else "INVALID",
        full(alone.p50_s if alone is not None else None, ms, "ms"),
        full(many.throughput if many is not None else None, significant),
        *("–" if used is None else f"{significant(used)} J" for used in energy),
    ]


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description="Three formats on a CUDA GPU, checked and measured.")
    parser.add_argument("--model", default="digits_cnn")
    parser.add_argument("--minutes", type=float, default=4.0, help="minutes of the run, after the export")
    parser.add_argument("--keep", default="", help="folder to keep the run in; removed without it")
    asked = parser.parse_args()
    found = card()
    if found is None:
        print("There is no CUDA GPU that PyTorch can use here: nothing was measured.", file=sys.stderr)
        return NO_GPU
    with tempfile.TemporaryDirectory() as folder:
        comparison = measured(settings(asked.model, asked.minutes), Path(asked.keep or folder))
    print(markdown(comparison, found))
    return 1 if faults(comparison) else 0


if __name__ == "__main__":
    sys.exit(run(main))
