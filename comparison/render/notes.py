"""The report's prose: what to know first, how it was measured, and where."""

from __future__ import annotations

from comparison.blocks import BLOCKS_PER_WINDOW
from comparison.checks import CLIENT_CPU_LIMIT, ROUNDS_FATAL
from comparison.outcome import Comparison
from comparison.render.findings import Fact
from comparison.render.names import callers, server
from comparison.render.numbers import megabytes, significant
from comparison.render.words import calibration_sentence
from comparison.results import RunSettings
from comparison.stats import PERCENTILES, RESAMPLES, min_samples
from comparison.verdict import SAME_WITHIN

NOISY = 0.1
"""Standard deviation of log p50 between rounds above which the reader is told before the first figure."""
STAND_IN = (
    "TensorFlow Serving itself did not run here. The embedded model server stood in for it: the same API, served "
    "by TensorFlow in a Python process. Its figures are not TensorFlow Serving's."
)
FROZEN_GRAPH = (
    "A bare frozen graph cannot be loaded by TensorFlow Serving. It was wrapped in a TF1 SavedModel (constants, one "
    "signature); Flask and the floor load the bare graph."
)
PAYLOADS = (
    "REST requests carry JSON and gRPC requests carry a float32 tensor, so a REST row against a gRPC row compares "
    "payload and protocol at once: they are not like with like. Among REST rows request bodies are byte-identical."
)


def caveats(comparison: Comparison) -> list[str]:
    """What a reader must know before the first figure."""
    said = []
    if comparison.partial:
        said.append(
            "This run is partial: it was interrupted or is still going on. Figures are provisional, and points without "
            f"a window are INVALID. Finish it with `serveoff run --resume {comparison.suite.run_id}`."
        )
    if comparison.stand_in:
        said.append(STAND_IN)
    if comparison.round_noise > NOISY:
        said.append(
            f"The machine was noisy: the same endpoint's median differed by about {comparison.round_noise:.0%} from "
            "round to round. Intervals hold that noise; more rounds, or a quieter machine, would narrow them."
        )
    said.append(PAYLOADS)
    return said


def method(comparison: Comparison) -> list[Fact]:
    """How the figures came about, with this run's settings."""
    s = comparison.suite.settings
    pinned = f"Server on CPU {_list(s.server_cpus)}, load generator on CPU {_list(s.client_cpus)}"
    pinning = pinned if s.server_cpus and s.client_cpus else "Server and load generator were not pinned"
    withheld = ", ".join(f"{min_samples(q):,} for {name}" for name, q in PERCENTILES.items())
    noise = significant(comparison.round_noise * 100)
    facts = [
        Fact(
            "Phases",
            "Cold start (spawn, port open, model ready, first answer) with nothing else awake; the agreement "
            f"gate; {_warm_up(s)}, stored and not counted; then closed-loop windows of {s.window_s:g} s "
            f"with {_list(s.concurrencies)} callers.",
        ),
        Fact(
            "Rounds",
            f"{s.rounds}, interleaved (A B C, A B C): drift of the machine meets all endpoints alike. One "
            "deployment is awake at a time; idle ones are frozen.",
        ),
        Fact(
            "Equal resources",
            f"{pinning}. {s.workers} worker, {s.threads_per_worker} thread a worker, "
            f"{s.intra_op_threads} intra-op thread, batching "
            f"{'off' if s.batch_size == 1 else f'of {s.batch_size} within {s.batch_delay_ms} ms'}, device {s.device}.",
        ),
        Fact("Payloads", PAYLOADS),
        Fact(
            "Correctness",
            "Each live endpoint had to agree with the golden outputs before it was timed, and a sample of "
            "its answers was checked under load. A deployment that answers wrongly cannot rank.",
        ),
        Fact(
            "Percentiles",
            "From raw rows, linear between order statistics, answered requests only, all rounds together. "
            f"Withheld below the samples at which a 95% interval exists: {withheld} (Hahn and Meeker 1991).",
        ),
        Fact(
            "Intervals",
            f"95%, by block bootstrap: {RESAMPLES:,} draws of blocks of time (up to {BLOCKS_PER_WINDOW} a "
            "window) over all rounds, widened for few blocks (Hesterberg 2015) and for the rounds' own disagreement, "
            f"which was {noise}% of p50 in this run, pooled over all points.",
        ),
        Fact(
            "Differences",
            "Ratios, with rounds paired. Faster: the interval leaves 1 out. Tie: it lies within "
            f"{SAME_WITHIN:.0%}. Otherwise inconclusive. Not corrected for many comparisons: each is read by itself.",
        ),
        Fact(
            "CPU per request", "CPU seconds of the server's whole process tree over the requests of the same windows."
        ),
        Fact(
            "INVALID",
            "Errors, wrong or unchecked answers, a failed gate, a killed server, missing rounds or rows, too "
            f"few samples, a load generator above {CLIENT_CPU_LIMIT:.0%} of one CPU, or rounds whose p50 differ "
            f"{ROUNDS_FATAL:g}-fold.",
        ),
        Fact("Harness", calibration_sentence(comparison)),
    ]
    if any(e.result.format == "frozen_graph" for e in comparison.entries):
        facts.insert(5, Fact("Frozen graph", FROZEN_GRAPH))
    return facts


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
        Fact("Model", _model(comparison)),
        Fact("Runtime", f"{suite.settings.runtime}; profile {suite.settings.profile}; seed {suite.settings.seed}"),
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
    if suite.model_accuracy is not None:
        said.append(f"{suite.model_accuracy:.1%} of held-out inputs right")
    return ", ".join(said)


def _list(numbers: list[int]) -> str:
    return ", ".join(str(n) for n in numbers)


def title(comparison: Comparison) -> str:
    """The report's title."""
    return f"How to serve {comparison.suite.settings.model}"


def lede(comparison: Comparison) -> str:
    """One line under the title: what was compared, where, how."""
    s = comparison.suite.settings
    contenders = [e for e in comparison.entries if e.role == "contender"]
    servers = dict.fromkeys(server(e.result) for e in contenders)
    marked = "Partial run. " if comparison.partial else ""
    return (
        f"{marked}{len(contenders)} endpoints of one trained model behind {_and(list(servers))}, "
        f"each with {_and([str(c) for c in s.concurrencies])} callers, in {s.rounds} interleaved rounds on "
        f"{comparison.suite.environment.machine.cores} cores."
    )


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "none"


def alone(comparison: Comparison) -> str:
    """The fewest callers of this run, in words."""
    return callers(comparison.concurrencies[0]) if comparison.concurrencies else "1 caller"


def recompute(comparison: Comparison) -> str:
    """Python that computes the report's percentiles from the raw rows, in milliseconds."""
    return (
        "import numpy as np\n"
        "import pyarrow.dataset as ds\n\n"
        'answered = ds.field("measured") & (ds.field("status") == 200)\n'
        f'rows = ds.dataset("results/{_path(comparison.folder)}/rows").to_table(filter=answered)\n'
        'endpoint, callers = rows["endpoint"].cast("string").to_numpy(), rows["concurrency"].to_numpy()\n'
        "for name, count in sorted(set(zip(endpoint, callers))):\n"
        '    latency = rows["latency_s"].to_numpy()[(endpoint == name) & (callers == count)]\n'
        "    print(name, count, len(latency), 1e3 * np.quantile(latency, [0.5, 0.9, 0.99]))"
    )


def _path(folder: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "?" for c in folder)


def _warm_up(settings: RunSettings) -> str:
    each = f"{settings.warmup_s:g} s of warm-up"
    if settings.first_warmup_s is None:
        return each
    return f"{each} a visit, {settings.first_warmup_s:g} s on a server's first"
