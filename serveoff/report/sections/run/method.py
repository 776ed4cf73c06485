"""How the figures came about: the report's account of the method, with this run's settings."""

from __future__ import annotations

from serveoff.analyse.claims.golden_outputs import AGREE_WITHIN
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.statistics.blocks import BLOCKS_PER_WINDOW
from serveoff.analyse.statistics.drift import CHANGE_CAUTION, CHANGE_FATAL, SIGNIFICANCE
from serveoff.analyse.statistics.estimates import ALL_PERCENTILES, RESAMPLES, min_samples
from serveoff.analyse.time_budget import spent
from serveoff.analyse.validity import CLIENT_CPU_LIMIT, ROUNDS_FATAL
from serveoff.analyse.verdict import SAME_WITHIN
from serveoff.loadtests.loads import POOL_BYTES
from serveoff.record.settings import RunSettings
from serveoff.report.phrases.findings import Fact
from serveoff.report.phrases.numbers import significant
from serveoff.report.phrases.runtimes import beside, isolation, path, terms
from serveoff.report.sections.notes import PAYLOADS
from serveoff.report.sections.run.containers import equal_limits
from serveoff.report.sections.run.devices import gpu_asked
from serveoff.report.sections.run.resource_audit import as_asked
from serveoff.report.sections.sentences import calibration_sentence

LONGER = 1.5
"""So many times longer than asked for, a window was meant to be so: others end a little late."""

FROZEN_GRAPH = (
    "A bare frozen graph cannot be loaded by TensorFlow Serving. It was wrapped in a TF1 SavedModel (constants, one "
    "signature); Flask and the floor load the bare graph."
)


def facts(comparison: Comparison) -> list[Fact]:
    """How the figures came about, with this run's settings."""
    return [*_conduct(comparison), *_requests(comparison), *_figures(comparison), *_what_counts(comparison)]


def _conduct(comparison: Comparison) -> list[Fact]:
    s, where = comparison.suite.settings, terms(comparison)
    pinned = f"Server on CPU {_list(s.server_cpus)}, load generator on CPU {_list(s.client_cpus)}"
    pinning = pinned if s.server_cpus and s.client_cpus else "Server and load generator were not pinned"
    return [
        Fact("Runtime", path(comparison)),
        Fact(
            "Phases",
            f"Cold start ({where.phases}) {beside(comparison)}{_repeated(s)}; the agreement "
            f"gate; {_warm_up(s)}, stored and not counted; then closed-loop windows of {s.window_s:g} s "
            f"with {_list(s.concurrencies)} callers.{_longer_windows(comparison)}",
        ),
        Fact(
            "Rounds",
            f"{comparison.suite.rounds}, interleaved (A B C, A B C): drift of the machine meets all endpoints alike. "
            f"{isolation(comparison)}",
        ),
        *_stopping(comparison),
        *_wall_time(comparison),
        Fact(
            "Equal resources",
            f"{pinning}. {s.workers} worker, {s.threads_per_worker} thread a worker, "
            f"{s.intra_op_threads} intra-op thread, batching "
            f"{'off' if s.batch_size == 1 else f'of {s.batch_size} within {s.batch_delay_ms} ms'}, device {s.device}."
            f"{equal_limits(comparison)}{as_asked(comparison)}",
        ),
    ]


def _requests(comparison: Comparison) -> list[Fact]:
    frozen = any(e.result.format == "frozen_graph" for e in comparison.entries)
    return [
        Fact("Payloads", PAYLOADS),
        *_fewer_requests(comparison),
        Fact(
            "Correctness",
            "Each live endpoint had to agree with the golden outputs before it was timed, and a sample of "
            f"its answers was checked under load. {_allowed(comparison)} A deployment that answers wrongly "
            "cannot rank.",
        ),
        *([Fact("Frozen graph", FROZEN_GRAPH)] if frozen else []),
    ]


def _figures(comparison: Comparison) -> list[Fact]:
    withheld = ", ".join(f"{min_samples(q):,} for {name}" for name, q in ALL_PERCENTILES.items())
    noise = significant(comparison.round_noise * 100)
    whole = terms(comparison).whole
    return [
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
            "Steady windows",
            "Block medians of each window are tested for a trend or a shift of level (Mann and Kendall; Yue and Wang "
            "2004 for neighbours that resemble each other), and over a point's windows together (Hirsch, Slack and "
            f"Smith 1982). A finding needs p < {SIGNIFICANCE:g} over all tests of the point, and a change of more than "
            f"{CHANGE_CAUTION - 1:.0%} from the first third to the last.",
        ),
        Fact("CPU per request", f"CPU seconds of the server's whole {whole} over the requests of the same windows."),
    ]


def _what_counts(comparison: Comparison) -> list[Fact]:
    unfair = terms(comparison).unfair
    elsewhere = "a model that did not compute on the GPU, " if gpu_asked(comparison) else ""
    return [
        Fact(
            "INVALID",
            "Errors, wrong or unchecked answers, a failed gate, a killed server, missing rounds or rows, too "
            f"few samples, a load generator above {CLIENT_CPU_LIMIT:.0%} of the CPUs that it could use, "
            f"{unfair}{elsewhere}latency that changes by more than {CHANGE_FATAL - 1:.0%} within windows, or "
            f"rounds whose p50 differ {ROUNDS_FATAL:g}-fold.",
        ),
        Fact("Harness", calibration_sentence(comparison)),
    ]


def _allowed(comparison: Comparison) -> str:
    """What may differ, and by how much it did; of answers without classes there is no top-1."""
    gates = [e.result.gate for e in comparison.entries if e.result.gate is not None and e.role != "null"]
    errors = [gate.max_abs_error for gate in gates if gate.passed and gate.max_abs_error is not None]
    top = "; the most probable class must be the same" if any(g.top1_agreement is not None for g in gates) else ""
    said = f"Numbers may be off by {AGREE_WITHIN:g} of their row's largest value, or of 1; integers must be equal{top}."
    return f"{said} The largest error that passed was {max(errors):.2g}." if errors else said


def _longer_windows(comparison: Comparison) -> str:
    """Slow endpoints are given more time: serveoff.measure.plan.visit_schedule."""
    asked = comparison.suite.settings.window_s
    plain = [w.duration_s for e in comparison.entries if e.role != "floor" for w in e.result.windows if w.load.plain]
    longest = max(plain, default=0.0)
    if longest < LONGER * asked:
        return ""
    return f" Windows of slow endpoints were longer, up to {significant(longest)} s: long enough for a 90th percentile."


def _fewer_requests(comparison: Comparison) -> list[Fact]:
    """Where requests are so large that not every golden input begins one: serveoff.loadtests.pools."""
    gates = [(e.result.windows, e.result.gate.checked) for e in comparison.entries if e.result.gate]
    few = [w.encodes for windows, golden in gates for w in windows if w.encodes is not None and w.encodes < golden]
    if not few:
        return []
    most = max(golden for _, golden in gates)
    said = (
        f"Requests are large: of {most} golden inputs as few as {min(few)} began a request of their own, evenly apart, "
    )
    return [Fact("Distinct requests", f"{said}so that a pool of requests holds {POOL_BYTES // 2**20} MiB at most.")]


def _list(numbers: list[int]) -> str:
    return ", ".join(str(n) for n in numbers)


def _repeated(settings: RunSettings) -> str:
    return f", {settings.cold_starts} times for each that may rank" if settings.cold_starts > 1 else ""


def _warm_up(settings: RunSettings) -> str:
    each = f"{settings.warmup_s:g} s of warm-up"
    if settings.first_warmup_s is None:
        return each
    return f"{each} a visit, {settings.first_warmup_s:g} s on a server's first"


def _stopping(comparison: Comparison) -> list[Fact]:
    """How the run could end early, and whether it did; nothing for a run of a fixed number of rounds."""
    suite = comparison.suite
    if suite.settings.looks < 2:
        return []
    how = (
        f"The answers were looked at after every round from the second, {suite.settings.looks} times at most, to end "
        "the run once latency, throughput and cost are decided. Looking often finds differences that are none "
        "(Armitage, McPherson and Rowe 1969), so margins, places and contrasts share the 5% of error among all looks "
        "(Lan and DeMets 1983, as O'Brien and Fleming)."
    )
    ended = f"It ended {suite.stopped_early}." if suite.stopped_early else "It has not ended before its last round."
    return [Fact("Early stop", f"{how} {ended}")]


def _wall_time(comparison: Comparison) -> list[Fact]:
    """How much of the run's time was measuring; nothing where that is not known."""
    found = spent(comparison.suite)
    if found is None:
        return []
    rest_s = max(found.wall_s - found.warmup_s - found.windows_s, 0.0)
    said = (
        f"{found.share:.0%} of {significant(found.wall_s)} s went into warm-up ({significant(found.warmup_s)} s) and "
        f"measured windows ({significant(found.windows_s)} s). The other {significant(rest_s)} s are cold starts, the "
        "agreement gate, starts of the load generator and pauses between windows."
    )
    return [Fact("Time", said)]
