"""How the figures came about: the report's account of the method, with this run's settings."""

from __future__ import annotations

from comparison.blocks import BLOCKS_PER_WINDOW
from comparison.checks import CLIENT_CPU_LIMIT, ROUNDS_FATAL
from comparison.outcome import Comparison
from comparison.render.containers import equal_limits
from comparison.render.devices import gpu_asked
from comparison.render.findings import Fact
from comparison.render.notes import PAYLOADS
from comparison.render.numbers import significant
from comparison.render.places import beside, isolation, path, place
from comparison.render.words import calibration_sentence
from comparison.results import RunSettings
from comparison.stats import ALL_PERCENTILES, RESAMPLES, min_samples
from comparison.verdict import SAME_WITHIN

FROZEN_GRAPH = (
    "A bare frozen graph cannot be loaded by TensorFlow Serving. It was wrapped in a TF1 SavedModel (constants, one "
    "signature); Flask and the floor load the bare graph."
)


def facts(comparison: Comparison) -> list[Fact]:
    """How the figures came about, with this run's settings."""
    s, where = comparison.suite.settings, place(comparison)
    pinned = f"Server on CPU {_list(s.server_cpus)}, load generator on CPU {_list(s.client_cpus)}"
    pinning = pinned if s.server_cpus and s.client_cpus else "Server and load generator were not pinned"
    withheld = ", ".join(f"{min_samples(q):,} for {name}" for name, q in ALL_PERCENTILES.items())
    elsewhere = "a model that did not compute on the GPU, " if gpu_asked(comparison) else ""
    noise = significant(comparison.round_noise * 100)
    said = [
        Fact("Runtime", path(comparison)),
        Fact(
            "Phases",
            f"Cold start ({where.phases}) {beside(comparison)}{_repeated(s)}; the agreement "
            f"gate; {_warm_up(s)}, stored and not counted; then closed-loop windows of {s.window_s:g} s "
            f"with {_list(s.concurrencies)} callers.",
        ),
        Fact(
            "Rounds",
            f"{s.rounds}, interleaved (A B C, A B C): drift of the machine meets all endpoints alike. "
            f"{isolation(comparison)}",
        ),
        Fact(
            "Equal resources",
            f"{pinning}. {s.workers} worker, {s.threads_per_worker} thread a worker, "
            f"{s.intra_op_threads} intra-op thread, batching "
            f"{'off' if s.batch_size == 1 else f'of {s.batch_size} within {s.batch_delay_ms} ms'}, device {s.device}."
            f"{equal_limits(comparison)}",
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
            f"{SAME_WITHIN:.0%}. Otherwise inconclusive. Margins of winners and places in the ranking hold for all "
            "pairs of endpoints together, static against dynamic for all its rows (Bonferroni: Dunn 1961).",
        ),
        Fact(
            "CPU per request", f"CPU seconds of the server's whole {where.whole} over the requests of the same windows."
        ),
        Fact(
            "INVALID",
            "Errors, wrong or unchecked answers, a failed gate, a killed server, missing rounds or rows, too "
            f"few samples, a load generator above {CLIENT_CPU_LIMIT:.0%} of the CPUs that it could use, "
            f"{where.unfair}{elsewhere}or rounds whose p50 differ {ROUNDS_FATAL:g}-fold.",
        ),
        Fact("Harness", calibration_sentence(comparison)),
    ]
    if any(e.result.format == "frozen_graph" for e in comparison.entries):
        said.insert(6, Fact("Frozen graph", FROZEN_GRAPH))
    return said


def _list(numbers: list[int]) -> str:
    return ", ".join(str(n) for n in numbers)


def _repeated(settings: RunSettings) -> str:
    return f", {settings.cold_starts} times for each that may rank" if settings.cold_starts > 1 else ""


def _warm_up(settings: RunSettings) -> str:
    each = f"{settings.warmup_s:g} s of warm-up"
    if settings.first_warmup_s is None:
        return each
    return f"{each} a visit, {settings.first_warmup_s:g} s on a server's first"
