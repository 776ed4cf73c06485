"""How the figures came about: the report's account of the method, with this run's settings."""

from collections.abc import Sequence

from serveoff.analyse.claims.by_construction import AGREE_WITHIN
from serveoff.analyse.comparison import Calibration, Comparison
from serveoff.analyse.judging.validity import CLIENT_CPU_LIMIT, ERRORS_FATAL, LOST_FATAL
from serveoff.analyse.statistics.draws import RESAMPLES
from serveoff.analyse.statistics.estimates import ALL_PERCENTILES
from serveoff.analyse.studies.ceiling import Ceiling
from serveoff.analyse.verdict import TIED_WITHIN
from serveoff.loadtests.loads import POOL_BYTES
from serveoff.record.percentiles import min_samples
from serveoff.record.settings import RunSettings
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import UNITS, full, percent, significant
from serveoff.report.phrases.runtimes import beside, in_containers, isolation, path
from serveoff.report.section import Fact, Section
from serveoff.report.sections.run import attached
from serveoff.report.sections.run.containers import equal_limits
from serveoff.report.sections.run.devices import gpu_asked
from serveoff.report.sections.run.load_workers import clocks
from serveoff.report.sections.run.resource_audit import as_asked

LONGER = 1.5
"""So many times longer than asked for, a slice was meant to be so: others end a little late."""
UNSEEN = "The load sent inputs that no server had seen, answered beforehand by the bare model."
GOLDEN = "The load sent the golden inputs, so a server that remembers their answers would go unnoticed."

SERVERS = (
    ("flask", "Flask", "As its documentation has it: gunicorn's gthread workers, JSON read and written by Flask."),
    (
        "flask-tuned",
        "Tuned Flask",
        "Our own service on Flask: a gunicorn worker class that keeps connections in one thread and polls for the next "
        "request for up to 60 us, JSON by simdjson and orjson, and Flask without sessions, signals and routing by "
        "pattern. It can be deployed (services/flaskrest), but nobody gets it by installing Flask.",
    ),
)
"""Server, its name, and what it is."""
FROZEN_GRAPH = (
    "TensorFlow Serving cannot load a bare frozen graph, so it gets a TF1 SavedModel with one signature. Flask and the "
    "floor load the bare graph."
)


def section(comparison: Comparison) -> Section:
    """All of it."""
    return Section("method", "How it was measured", facts=tuple(facts(comparison)))


def facts(comparison: Comparison) -> list[Fact]:
    """How the figures came about, with this run's settings."""
    return [*_conduct(comparison), *_requests(comparison), *_figures(comparison), *_what_counts(comparison)]


def _conduct(comparison: Comparison) -> list[Fact]:
    if comparison.attached.only:
        return [*attached.conduct(comparison, _longer_slices(comparison)), *clocks(comparison), *_looks(comparison)]
    s = comparison.suite.settings
    began = "container created, started" if in_containers(comparison) else "spawn"
    pinned = f"Server on CPU {_list(s.server_cpus)}, load generator on CPU {_list(s.client_cpus)}"
    pinning = pinned if s.server_cpus and s.client_cpus else "Server and load generator were not pinned"
    return [
        Fact("Runtime", path(comparison)),
        *clocks(comparison),
        Fact(
            "Phases",
            f"Cold start ({began}, port open, model ready, first answer) {beside(comparison)}{_repeated(s)}; the "
            f"agreement gate; {s.warmup_s:g} s of warm-up or more after each start, until answers get no quicker, "
            f"stored and not counted; then closed-loop slices of {s.slice_s:g} s, each after a lead-in of "
            f"{s.lead_in_s:g} s that is not counted, with {_list(s.concurrencies)} "
            f"callers.{_longer_slices(comparison)}",
        ),
        Fact(
            "Rounds",
            f"{comparison.suite.rounds}, each with one slice of every endpoint in the race with "
            f"{_every_round(s.concurrencies)}, in random order: drift affects all endpoints equally. "
            f"{isolation(comparison)}",
        ),
        *_looks(comparison),
        *(Fact(name, what) for server, name, what in SERVERS if _measured(comparison, server)),
        Fact(
            "Equal resources",
            f"{pinning}. {s.workers} worker, {s.threads_per_worker} thread per worker, "
            f"{s.intra_op_threads} intra-op thread, batching "
            f"{'off' if s.batch_size == 1 else f'of {s.batch_size} within {s.batch_delay_ms} ms'}, device {s.device}."
            f"{equal_limits(comparison)}{as_asked(comparison)}",
        ),
    ]


def _every_round(concurrencies: Sequence[int]) -> str:
    """Which loads; those between the fewest and the most callers only fill the picture."""
    if len(concurrencies) < 3:
        return " and ".join(map(callers, concurrencies))
    between = _list(concurrencies[1:-1])
    return f"{concurrencies[0]} and {callers(concurrencies[-1])} (with {between} in some rounds only)"


def _measured(comparison: Comparison, server: str) -> bool:
    return any(entry.result.server == server for entry in comparison.entries)


def _requests(comparison: Comparison) -> list[Fact]:
    frozen = any(e.result.format == "frozen_graph" for e in comparison.entries)
    checked = (
        "Each live endpoint had to agree with the golden outputs before it was timed, and every answer under load was "
        f"checked. {UNSEEN if comparison.suite.unseen_inputs else GOLDEN}"
    )
    said = attached.correctness(comparison) if comparison.attached.only else checked
    return [
        *_fewer_requests(comparison),
        Fact("Correctness", f"{said} {_allowed(comparison)}"),
        *([Fact("Frozen graph", FROZEN_GRAPH)] if frozen else []),
    ]


def _figures(comparison: Comparison) -> list[Fact]:
    withheld = ", ".join(f"{min_samples(q):,} for {name}" for name, q in ALL_PERCENTILES.items())
    whole = "container" if in_containers(comparison) else "process tree"
    cpu = f"CPU seconds of the server's whole {whole} over the requests of the same windows."
    return [
        Fact(
            "Percentiles",
            "From raw rows, linear between order statistics, answered requests only, all slices together, at the "
            "machine's mean speed, as throughput and CPU are: what a round did to all endpoints alike is taken out "
            "(docs/rows.md). "
            f"Withheld below the samples at which a 95% interval exists: {withheld} (Hahn and Meeker 1991).",
        ),
        Fact(
            "Intervals",
            f"95%, by {RESAMPLES:,} draws that reweight the rounds of each {_life(comparison)} (Bayesian bootstrap: "
            "Rubin 1981), the same for all endpoints, so that drift cancels in ratios. A percentile's interval stays "
            f"within the latencies seen.{_starts(comparison)}",
        ),
        Fact(
            "Differences",
            "Ratios, with verdicts that hold for all pairs of endpoints of an objective together (max-T: Westfall and "
            "Young 1993): pairs found to differ are set aside, and the intervals of the rest are computed again "
            "(step-down: Romano and Wolf 2005). "
            f"Faster: the interval excludes 1. Tied: it holds 1 and lies within {TIED_WITHIN:.0%} of it. "
            "Otherwise undecided. The resolution is the least difference that would have been seen so, the "
            "median over all pairs.",
        ),
        *([Fact("CPU per request", cpu)] if comparison.cpu_known else []),
    ]


def _life(comparison: Comparison) -> str:
    """What rounds are taken together by: nobody restarts what already runs."""
    return "stretch of the run" if comparison.attached.only else "start"


def _what_counts(comparison: Comparison) -> list[Fact]:
    limits = "container limits other than requested or than those of the rest, " if in_containers(comparison) else ""
    elsewhere = "a model that did not compute on the GPU, " if gpu_asked(comparison) else ""
    ours = (
        f"Errors in {ERRORS_FATAL:.0%} of requests or more, wrong or unchecked answers, a failed gate, more than "
        f"{LOST_FATAL:.0%} of its slices lost to a server that ended, was replaced or fell silent, missing rows, "
        f"too few samples, a load generator above {CLIENT_CPU_LIMIT:.0%} of one CPU, {limits}cores, threads, "
        f"workers or batching other than requested, {elsewhere}or an open loop whose objective holds only without "
        "the generator's lateness."
    )
    return [
        Fact("INVALID", attached.invalid() if comparison.attached.only else ours),
        Fact("Harness", harness(comparison.calibration)),
    ]


def harness(null: Calibration | None) -> str:
    """What the harness itself costs in this run."""
    if null is None:
        return "The null service was not measured, so this run does not know the harness's own cost."
    used = significant((null.client_cpu_share or 0.0) * 100)
    share = f", with the load generator at {used}% of one CPU" if null.client_cpu_share else ""
    return (
        f"The null service, which parses the same JSON and computes nothing, answers in "
        f"{full(null.p50_s, *UNITS['latency'])} at the median and reaches {full(null.ceiling, *UNITS['throughput'])} "
        f"({callers(null.ceiling_concurrency)}{share}): no server can measure better than that here."
        f"{_ceiling(null.open_loop)}"
    )


def _ceiling(found: Ceiling | None) -> str:
    """How far the load generator came in an open loop, to follow another sentence; nothing where none was driven."""
    if found is None:
        return ""
    windows = f"{len(found.capacity.probes)} rates of Poisson arrivals, {found.capacity.rate.samples:,} samples"
    late = "and never fell behind its schedule"
    if found.behind is not None:
        late = f"and fell behind its schedule at {significant(found.behind)} req/s"
    kept = f"up to {significant(found.kept)} req/s" if found.kept is not None else "at none of the rates tried"
    return f" In an open loop against it the load generator met the objective {kept}, {late} ({windows})."


def _allowed(comparison: Comparison) -> str:
    """What may differ, and by how much it did; of answers without classes there is no top-1."""
    gates = [e.result.gate for e in comparison.entries if e.result.gate is not None and e.role != "null"]
    errors = [gate.max_abs_error for gate in gates if gate.passed and gate.max_abs_error is not None]
    top = "; the most probable class must be the same" if any(g.top1_agreement is not None for g in gates) else ""
    said = f"Numbers may differ by {AGREE_WITHIN:g} of their row's largest value, or of 1; integers must be equal{top}."
    return f"{said} The largest error that passed was {max(errors):.2g}." if errors else said


def _longer_slices(comparison: Comparison) -> str:
    """Slow endpoints are given more time: serveoff.measure.plan.timing."""
    asked = comparison.suite.settings.slice_s
    plain = [w.duration_s for e in comparison.entries if e.role != "floor" for w in e.result.windows if w.load.plain]
    longest = max(plain, default=0.0)
    return f" Slices of slow endpoints were longer, up to {significant(longest)} s." if longest > LONGER * asked else ""


def _fewer_requests(comparison: Comparison) -> list[Fact]:
    """Where requests are so large that not every golden input begins one: serveoff.loadtests.pools."""
    gates = [(e.result.windows, e.result.gate.checked) for e in comparison.entries if e.result.gate]
    few = [w.encodes for windows, golden in gates for w in windows if w.encodes is not None and w.encodes < golden]
    if not few:
        return []
    most = max(golden for _, golden in gates)
    said = f"Requests are large: as few as {min(few)} of the {most} golden inputs began a request, "
    return [Fact("Distinct requests", f"{said}so that a pool of requests holds {POOL_BYTES // 2**20} MiB at most.")]


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(str(n) for n in numbers)


def _repeated(settings: RunSettings) -> str:
    most = max(settings.starts, settings.race_starts) if settings.race else settings.starts
    return f", up to {most} times for each that may rank" if most > 1 else ""


def _starts(comparison: Comparison) -> str:
    found = comparison.start_effect.get("run")
    if found is None:
        return ""
    if comparison.attached.only:
        return (
            f" The run had {comparison.suite.settings.starts} stretches, which differ by more than their slices "
            f"explain: in median latency by a standard deviation of {percent(found)}; intervals include that."
        )
    return (
        " Starts of one deployment differ by more than their slices explain: in median latency by a standard "
        f"deviation of {percent(found)} in this run; intervals include that, pooled by server and framework, and what "
        "one server has and another has not (random effects: DerSimonian and Laird 1986)."
    )


def _looks(comparison: Comparison) -> list[Fact]:
    """How often the run was looked at to drop endpoints or to end, and what that costs."""
    suite = comparison.suite
    if not suite.looks or suite.looks[-1].looks < 2:
        return []
    how = (
        f"Up to {suite.looks[-1].looks} looks, one after each {_life(comparison)} from the second: an endpoint that is "
        "out of every race takes no more rounds, and the run ends once everything is decided. Repeated looks find "
        "differences that do not exist (Armitage, McPherson and Rowe 1969), so an early look needs stronger evidence "
        "than the last one (O'Brien and Fleming 1979)."
    )
    return [Fact("Looks", f"{how}{' It ended early.' if suite.ended_early else ''}")]
