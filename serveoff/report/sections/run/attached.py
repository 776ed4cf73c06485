"""How endpoints that already run were measured, and where they are: in a run of nothing else."""

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.judging.validity import CLIENT_CPU_LIMIT, ERRORS_FATAL, LOST_FATAL
from serveoff.record.attached import AttachedEndpoint
from serveoff.report.phrases.attached import right
from serveoff.report.phrases.names import DIALECTS
from serveoff.report.phrases.numbers import significant
from serveoff.report.phrases.runtimes import isolation, path
from serveoff.report.section import Fact


def conduct(comparison: Comparison, longer: str) -> list[Fact]:
    """What was done in which order; `longer` says which slices took longer than was asked for."""
    s = comparison.suite.settings
    callers = ", ".join(map(str, s.concurrencies))
    return [
        Fact("Runtime", path(comparison)),
        Fact(
            "Phases",
            f"Every sample to every endpoint, for its answers; {s.warmup_s:g} s of warm-up or more, stored and not "
            f"counted; then closed-loop slices of {s.slice_s:g} s, each after a lead-in of {s.lead_in_s:g} s that is "
            f"not counted, with {callers} callers.{longer}",
        ),
        Fact(
            "Rounds",
            f"{comparison.suite.rounds}, each with one slice of every endpoint and load, in random order: drift of "
            f"this machine and of the network affects all endpoints equally. {isolation(comparison)}",
        ),
        *_rates(comparison),
        Fact("Equal resources", "Nobody made them equal: a difference may come from the machines below, too."),
    ]


def correctness(comparison: Comparison) -> str:
    """What answers were compared with."""
    return f"Before anything was timed, and under load, every answer was compared with {right(comparison)}."


def invalid() -> str:
    """What keeps a point from counting."""
    return (
        f"Errors in {ERRORS_FATAL:.0%} of requests or more, wrong or unchecked answers, an endpoint that was left "
        f"alone, more than {LOST_FATAL:.0%} of its slices lost, missing rows, too few samples, or a load generator "
        f"above {CLIENT_CPU_LIMIT:.0%} of one CPU."
    )


def endpoints(comparison: Comparison) -> list[Fact]:
    """Where each attached endpoint is, how it is spoken to, and what was seen of it from inside."""
    return [Fact(f"Endpoint {attached.name}", _where(attached)) for attached in comparison.suite.settings.attached]


def _where(attached: AttachedEndpoint) -> str:
    seen = {
        f"process {attached.pid}": attached.pid is not None,
        f"container {attached.container}": bool(attached.container),
        f"metrics at {attached.metrics}": bool(attached.metrics),
        f"at most {significant(attached.max_rate or 0.0)} req/s": attached.max_rate is not None,
        f"answers read at `{attached.answer}`": bool(attached.answer),
        f"headers {', '.join(attached.headers)}": bool(attached.headers),
    }
    how = DIALECTS.get(attached.dialect, attached.dialect)
    return ", ".join([f"{attached.url}, {how}", *(words for words, known in seen.items() if known)])


def _rates(comparison: Comparison) -> list[Fact]:
    held = [a for a in comparison.suite.settings.attached if a.max_rate is not None]
    guarded = [a.name for a in comparison.suite.settings.attached if a.guarded]
    said = [f"{a.name} was asked for at most {significant(a.max_rate or 0.0)} req/s." for a in held]
    if guarded:
        said.append(f"Once one of {', '.join(guarded)} fails or slows down, it is left alone.")
    return [Fact("Care", " ".join(said))] if said else []
