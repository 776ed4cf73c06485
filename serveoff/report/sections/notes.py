"""The report's prose: what to know first, where it was measured, and how to compute it again."""

from __future__ import annotations

from collections import Counter

from serveoff.analyse.comparison import Comparison
from serveoff.loadtests.problems import WindowCode
from serveoff.report.phrases.findings import Fact
from serveoff.report.phrases.names import all_of, callers, server
from serveoff.report.phrases.numbers import megabytes, percent, significant
from serveoff.report.phrases.runtimes import isolation, runtime
from serveoff.report.sections.run.devices import devices, fell_back

STAND_IN = (
    "TensorFlow Serving itself did not run here. The embedded model server stood in for it: the same API, served "
    "by TensorFlow in a Python process. Its figures are not TensorFlow Serving's."
)
RESOLVED = {
    "latency": "median latency",
    "tail": "99th percentile",
    "throughput": "throughput",
    "cost": "CPU per request",
}
PAYLOADS = (
    "In the ranking REST requests carry a JSON list and gRPC requests bytes, so a REST row against a gRPC row "
    "compares payload and protocol at once: they are not like with like. Each row names its payload. Among REST rows "
    "request bodies are byte-identical."
)


def caveats(comparison: Comparison) -> list[str]:
    """What a reader must know before the first figure."""
    said = []
    if comparison.partial:
        said.append(
            "This run is partial: it was interrupted or is still going on. Figures are provisional, and points without "
            f"a slice are INVALID. Finish it with `serveoff run --resume {comparison.suite.run_id}`."
        )
    if fallen := fell_back(comparison):
        said.append(fallen)
    said += replaced(comparison)
    if comparison.stand_in:
        said.append(STAND_IN)
    if comparison.suite.settings.together:
        said.append(isolation(comparison))
    said.append(PAYLOADS)
    return said


def replaced(comparison: Comparison) -> list[str]:
    """Servers that lost a process while they were measured, and how many slices that cost."""
    lost: Counter[str] = Counter()
    for result in comparison.suite.endpoints:
        codes = [{problem.code for problem in window.problems} for window in result.windows]
        lost[result.deployment] += sum(WindowCode.SERVER_REPLACED in found for found in codes)
    return [
        f"A process of {name} ended while it was measured, and was replaced or is missing: "
        f"{'1 slice does' if slices == 1 else f'{slices} slices do'} not count. Its log is logs/{name}.log."
        for name, slices in lost.items()
        if slices
    ]


def resolution(comparison: Comparison) -> str:
    """The smallest difference that the run would have seen, by objective; nothing where no pair has an interval."""
    said = [f"{percent(share)} in {RESOLVED[objective]}" for objective, share in comparison.resolution.items()]
    return f"Resolution: this run would have seen a difference of {all_of(said)}." if said else ""


def environment(comparison: Comparison) -> list[Fact]:
    """The machine, the model, the versions and the code."""
    suite, machine = comparison.suite, comparison.suite.environment.machine
    commit = suite.environment.git_commit or "unknown"
    changed = ", with uncommitted changes" if suite.environment.git_dirty else ""
    facts = [
        Fact(
            "Machine",
            f"{machine.id}: {machine.cpu_model}, {machine.cores} cores, "
            f"{megabytes(machine.memory_bytes)} MB, {machine.system}",
        ),
        Fact("Accelerators", ", ".join(machine.accelerators) or "none"),
        Fact("Devices", devices(comparison)),
        Fact("Model", _model(comparison)),
        Fact("Runtime", f"{runtime(comparison)}; profile {suite.settings.profile}; seed {suite.settings.seed}"),
        Fact(
            "Run",
            f"{suite.run_id}: {suite.started_at} to {suite.finished_at or 'not finished'}"
            + (f", {significant(suite.wall_s)} s" if suite.wall_s else ""),
        ),
        Fact("Code", f"{commit[:12]}{changed}"),
        Fact("Versions", ", ".join(f"{name} {version}" for name, version in suite.environment.versions.items())),
    ]
    return facts


def _model(comparison: Comparison) -> str:
    suite = comparison.suite
    said = [suite.settings.model]
    if suite.model_parameters is not None:
        said.append(f"{suite.model_parameters:,} parameters")
    if suite.model_quality:
        said.append(suite.model_quality)
    elif suite.model_accuracy is not None:
        said.append(f"{suite.model_accuracy:.1%} of held-out inputs right")
    if suite.model_source not in ("", "zoo"):
        said.append(f"imported from {suite.model_source}")
    return ", ".join(said)


def title(comparison: Comparison) -> str:
    """The report's title."""
    return f"How to serve {comparison.suite.settings.model}"


def lede(comparison: Comparison) -> str:
    """One line under the title: what was compared, where, how."""
    s = comparison.suite.settings
    contenders = [e for e in comparison.entries if e.role == "contender"]
    servers = dict.fromkeys(server(e.result) for e in contenders)
    marked = "Partial run. " if comparison.partial else ""
    where = "in containers, " if s.runtime == "docker" else ""
    return (
        f"{marked}{len(contenders)} endpoints of one trained model behind {all_of(list(servers))}, {where}each "
        f"with {all_of([*map(str, s.concurrencies)])} callers, in {comparison.suite.rounds} rounds of slices "
        f"on {comparison.suite.environment.machine.cores} cores."
    )


def alone(comparison: Comparison) -> str:
    """The fewest callers of this run, in words."""
    return callers(comparison.concurrencies[0]) if comparison.concurrencies else "1 caller"


def busiest(comparison: Comparison) -> str:
    """The most callers of this run, in words."""
    return callers(comparison.concurrencies[-1]) if comparison.concurrencies else "1 caller"


def recompute(comparison: Comparison) -> str:
    """Python that computes the report's percentiles from the raw rows, in milliseconds."""
    return f"""\
import json
from pathlib import Path
import numpy as np
import pyarrow.dataset as ds

run, latencies = Path("results/{_path(comparison.folder)}"), {{}}
table = ds.dataset(run / "rows").to_table(filter=ds.field("measured") & (ds.field("status") == 200))
number, latency_s = table["slice"].to_numpy(), table["latency_s"].to_numpy()
for line in (run / "slices.jsonl").read_text().splitlines():
    w = json.loads(line)
    if w.get("arrivals", "closed") == "closed" and not w.get("payload") and w.get("batch", 1) == 1:
        latencies.setdefault((w["endpoint"], w["concurrency"]), []).append(latency_s[number == w["number"]])
for (name, callers), slices in sorted(latencies.items()):
    latency = np.concatenate(slices)
    print(name, callers, len(latency), 1e3 * np.quantile(latency, [0.5, 0.9, 0.99]))"""


def _path(folder: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "?" for c in folder)
