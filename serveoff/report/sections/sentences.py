"""Sentences of the report, made from the computed comparison and shared by every form of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from serveoff.analyse.comparison import Calibration, Comparison
from serveoff.analyse.entries import Contest, Entry
from serveoff.analyse.verdict import within
from serveoff.report.phrases import repeats
from serveoff.report.phrases.names import callers, deployment_phrase, family, phrase, server, what
from serveoff.report.phrases.numbers import UNITS, factor, full, percent, significant, times
from serveoff.report.phrases.runtimes import terms


@dataclass(frozen=True)
class Objective:
    """How an objective is called, and what `better` means for it."""

    title: str
    about: str
    better: str


OBJECTIVES: Final = {
    "latency": Objective("Lowest latency", "median (p50), {alone}", "faster"),
    "tail": Objective("Shortest tail", "99th percentile, {alone}", "faster"),
    "throughput": Objective("Highest throughput", "best over {callers} callers", "higher"),
    "cost": Objective("Lowest cost", "server CPU time per request, at its best throughput", "cheaper"),
    "cold_start": Objective("Fastest cold start", "{start} to first answer, {starts}", "quicker"),
    "memory": Objective("Least memory", "peak of the whole {whole}", "smaller"),
    "artifact": Objective("Smallest artifact", "bytes on disk, by format", "smaller"),
}


def named(comparison: Comparison, contest: Contest, name: str) -> Entry | None:
    """The entry that a candidate's name stands for: an endpoint, or a deployment's first; None for a format."""
    if contest.objective == "artifact":
        return None
    by_deployment = contest.objective in ("cold_start", "memory")
    names = ((e.result.deployment if by_deployment else e.name, e) for e in comparison.entries)
    return next((entry for known, entry in names if known == name), None)


def candidate(comparison: Comparison, contest: Contest, name: str) -> str:
    """A winner within a sentence: an endpoint, a deployment, or a format."""
    entry = named(comparison, contest, name)
    if entry is None:
        return name
    return deployment_phrase(entry.result) if name == entry.result.deployment else phrase(entry.result)


def headline(comparison: Comparison, contest: Contest) -> tuple[str, str, str]:
    """A winner on its card: what it is, which server, and the server's colour family."""
    entry = named(comparison, contest, contest.winner.name)
    if entry is None:
        return contest.winner.name, "in every deployment", ""
    deployment = contest.objective in ("cold_start", "memory")
    return entry.result.format if deployment else what(entry.result), server(entry.result), family(entry.result)


def about(comparison: Comparison, contest: Contest) -> str:
    """What an objective measures, with this run's concurrencies and runtime."""
    numbers = ", ".join(str(c) for c in comparison.concurrencies)
    alone = callers(comparison.concurrencies[0]) if comparison.concurrencies else ""
    said = terms(comparison)
    starts = repeats.starts_each(comparison)
    return OBJECTIVES[contest.objective].about.format(
        alone=alone, callers=numbers, start=said.start, starts=starts, whole=said.whole
    )


def verdict_word(contest: Contest) -> str:
    """The margin and what it is worth, in a few words."""
    better = OBJECTIVES[contest.objective].better
    if contest.margin is None or contest.margin.value is None:
        return "the only candidate"
    by = f"{times(contest.margin.value)} {better}"
    said = {
        "faster": by,
        "tied": f"tied within {percent(within(contest.margin))}",
        "undecided": "undecided",
        "no interval": by if contest.margin.value >= 1.005 else "equal",
        "exact": by if contest.margin.value >= 1.005 else "equal",
    }
    return said.get(contest.outcome, contest.outcome)


def sentence(comparison: Comparison, contest: Contest) -> str:
    """One contest in one sentence: who, how much, against whom, how sure."""
    if contest.objective == "cold_start":
        return repeats.sentence(contest, lambda name: candidate(comparison, contest, name))
    text, unit = UNITS[contest.objective]
    winner = candidate(comparison, contest, contest.winner.name)
    figure = full(contest.winner.estimate, text, unit)
    if contest.runner_up is None or contest.margin is None or contest.margin.value is None:
        return f"{winner}: {figure}; no other candidate has a valid figure."
    other = candidate(comparison, contest, contest.runner_up.name)
    second = full(contest.runner_up.estimate, text, unit)
    better = OBJECTIVES[contest.objective].better
    margin = factor(contest.margin)
    if contest.outcome in ("no interval", "exact") and verdict_word(contest) == "equal":
        return f"{winner} and {other} are equal, with {figure}."
    said = {
        "faster": f"{winner} leads with {figure}: {margin} {better} than {other} ({second})",
        "tied": f"{winner} ({figure}) and {other} ({second}) are tied within "
        f"{percent(within(contest.margin))}: {margin}",
        "undecided": f"{winner} measured best with {figure}, but {other} ({second}) may be as good: {margin}",
        "no interval": f"{winner} leads with {figure}: {times(contest.margin.value)} {better} than {other} "
        f"({second}); a single peak, so no interval",
        "exact": f"{winner} is smallest with {figure}; {other} has {second}",
    }
    return said[contest.outcome] + _others(contest) + "."


def _others(contest: Contest) -> str:
    more = [name for name in contest.not_worse if contest.runner_up and name != contest.runner_up.name]
    if not more:
        return ""
    tied = [name for name in more if name in contest.tied]
    rest = len(more) - len(tied)
    said = [f"tied with {len(tied)} more"] if tied else []
    return "; " + " and ".join([*said, *([f"not decided against {rest} more"] if rest else [])])


def find(comparison: Comparison, objective: str, scope: str = "all") -> Contest | None:
    """The contest for one objective, if this run has one."""
    found = (a for a in comparison.contests if (a.objective, a.scope) == (objective, scope))
    return next(found, None)


def calibration_sentence(comparison: Comparison) -> str:
    """What the harness itself costs in this run."""
    null = comparison.calibration
    if null is None:
        return "The null service was not measured, so the harness's own cost is not known in this run."
    share = (
        f", with the load generator at {significant(null.client_cpu_share * 100)}% of one CPU"
        if null.client_cpu_share
        else ""
    )
    return (
        f"The null service, which parses the same JSON and computes nothing, answers in "
        f"{full(null.p50_s, *UNITS['latency'])} at the median and reaches {full(null.ceiling, *UNITS['throughput'])} "
        f"({callers(null.ceiling_concurrency)}{share}): what lies below that is harness, HTTP and JSON, not the model."
        f"{ceiling_sentence(null)}"
    )


def ceiling_sentence(calibration: Calibration) -> str:
    """How far the load generator came in an open loop, to follow another sentence; nothing where none was driven."""
    found = calibration.open_loop
    if found is None:
        return ""
    windows = f"{len(found.capacity.probes)} rates of Poisson arrivals, {found.capacity.rate.samples:,} samples"
    behind = (
        f"and fell behind its schedule at {significant(found.behind)} req/s"
        if found.behind is not None
        else "and never fell behind its schedule"
    )
    kept = f"up to {significant(found.kept)} req/s" if found.kept is not None else "at no rate that was tried"
    return f" In an open loop the load generator held the objective against it {kept}, {behind} ({windows})."
