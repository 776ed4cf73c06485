"""Sentences of the report, made from the computed comparison and shared by every form of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from serveoff.analyse.claims.ruling import Claim
from serveoff.analyse.comparison import Calibration, Comparison
from serveoff.analyse.contrasts import Contrast
from serveoff.analyse.entries import Answer, Entry
from serveoff.report.words import repeats
from serveoff.report.words.names import callers, deployment_phrase, family, phrase, server, what
from serveoff.report.words.numbers import UNITS, factor, full, interval, significant, times
from serveoff.report.words.operating_points import place


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


def named(comparison: Comparison, answer: Answer, name: str) -> Entry | None:
    """The entry that a candidate's name stands for: an endpoint, or a deployment's first; None for a format."""
    if answer.objective == "artifact":
        return None
    by_deployment = answer.objective in ("cold_start", "memory")
    names = ((e.result.deployment if by_deployment else e.name, e) for e in comparison.entries)
    return next((entry for known, entry in names if known == name), None)


def candidate(comparison: Comparison, answer: Answer, name: str) -> str:
    """A winner within a sentence: an endpoint, a deployment, or a format."""
    entry = named(comparison, answer, name)
    if entry is None:
        return name
    return deployment_phrase(entry.result) if name == entry.result.deployment else phrase(entry.result)


def headline(comparison: Comparison, answer: Answer) -> tuple[str, str, str]:
    """A winner on its card: what it is, which server, and the server's colour family."""
    entry = named(comparison, answer, answer.winner.name)
    if entry is None:
        return answer.winner.name, "in every deployment", ""
    deployment = answer.objective in ("cold_start", "memory")
    return entry.result.format if deployment else what(entry.result), server(entry.result), family(entry.result)


def about(comparison: Comparison, answer: Answer) -> str:
    """What an objective measures, with this run's concurrencies and runtime."""
    numbers = ", ".join(str(c) for c in comparison.concurrencies)
    alone = callers(comparison.concurrencies[0]) if comparison.concurrencies else ""
    said = place(comparison)
    starts = repeats.starts_each(comparison)
    return OBJECTIVES[answer.objective].about.format(
        alone=alone, callers=numbers, start=said.start, starts=starts, whole=said.whole
    )


def basis(answer: Answer) -> str:
    """What a winner's figure rests on: its interval and samples, or why it has no interval."""
    estimate = answer.winner.estimate
    if answer.objective == "cold_start":
        return repeats.basis(answer.winner)
    once = {"memory": "largest of all windows", "artifact": "exact"}
    if answer.objective in once:
        return once[answer.objective]
    return f"{interval(estimate, UNITS[answer.objective][0])} · {estimate.samples:,} samples"


def verdict_word(answer: Answer) -> str:
    """The margin and what it is worth, in a few words."""
    better = OBJECTIVES[answer.objective].better
    if answer.margin is None or answer.margin.value is None:
        return "the only candidate"
    by = f"{times(answer.margin.value)} {better}"
    said = {
        "better": by,
        "tie": "tie",
        "inconclusive": "inconclusive",
        "no interval": by if answer.margin.value >= 1.005 else "equal",
        "exact": by if answer.margin.value >= 1.005 else "equal",
    }
    return said.get(answer.outcome, answer.outcome)


def sentence(comparison: Comparison, answer: Answer) -> str:
    """One answer in one sentence: who, how much, against whom, how sure."""
    if answer.objective == "cold_start":
        return repeats.sentence(answer, lambda name: candidate(comparison, answer, name))
    text, unit = UNITS[answer.objective]
    winner = candidate(comparison, answer, answer.winner.name)
    figure = full(answer.winner.estimate, text, unit)
    if answer.runner_up is None or answer.margin is None or answer.margin.value is None:
        return f"{winner}: {figure}; no other candidate has a valid figure."
    other = candidate(comparison, answer, answer.runner_up.name)
    second = full(answer.runner_up.estimate, text, unit)
    better = OBJECTIVES[answer.objective].better
    margin = factor(answer.margin)
    if answer.outcome in ("no interval", "exact") and verdict_word(answer) == "equal":
        return f"{winner} and {other} are equal, with {figure}."
    said = {
        "better": f"{winner} leads with {figure}: {margin} {better} than {other} ({second})",
        "tie": f"{winner} ({figure}) and {other} ({second}) tie: they differ by less than 3%, {margin}",
        "inconclusive": f"{winner} measured best with {figure}, but {other} ({second}) may be as good: {margin}",
        "no interval": f"{winner} leads with {figure}: {times(answer.margin.value)} {better} than {other} "
        f"({second}); a single peak, so no interval",
        "exact": f"{winner} is smallest with {figure}; {other} has {second}",
    }
    return said[answer.outcome] + _others(answer) + "."


def _others(answer: Answer) -> str:
    more = [name for name in answer.not_worse if answer.runner_up and name != answer.runner_up.name]
    if not more:
        return ""
    return f"; {len(more)} more cannot be told apart from it"


def like_with_like(comparison: Comparison) -> list[tuple[str, str]]:
    """Title and sentence of each answer that changes when only REST endpoints are compared."""
    said = []
    for answer in comparison.answers:
        overall = find(comparison, answer.objective)
        if answer.scope != "json" or overall is None or _same(answer, overall):
            continue
        said.append((OBJECTIVES[answer.objective].title, sentence(comparison, answer)))
    return said


def _same(a: Answer, b: Answer) -> bool:
    return (a.winner, a.runner_up, a.not_worse) == (b.winner, b.runner_up, b.not_worse)


def find(comparison: Comparison, objective: str, scope: str = "all") -> Answer | None:
    """The answer to one objective, if this run has one."""
    found = (a for a in comparison.answers if (a.objective, a.scope) == (objective, scope))
    return next(found, None)


def decision(comparison: Comparison) -> str:
    """The whole report in one or two sentences."""
    fast, strong = find(comparison, "latency"), find(comparison, "throughput")
    if fast is None or strong is None:
        return "No endpoint has a valid point yet, so there is no decision to give: the reasons are below."
    quick, most = _claimed(comparison, fast), _claimed(comparison, strong)
    latency = f"{full(fast.winner.estimate, *UNITS['latency'])} at the median"
    rate = full(strong.winner.estimate, *UNITS["throughput"])
    if fast.winner.name == strong.winner.name and fast.not_worse == strong.not_worse:
        return f"Serve it as {quick}: it answers fastest, {latency}, and serves the most, {rate}."
    return f"For latency, serve it as {quick}: {latency}. For throughput, as {most}: {rate}."


def _claimed(comparison: Comparison, answer: Answer) -> str:
    name = candidate(comparison, answer, answer.winner.name)
    if not answer.not_worse:
        return name
    if len(answer.not_worse) > 1:
        return f"{name} (not told apart from {len(answer.not_worse)} others)"
    return f"{name} (not told apart from {candidate(comparison, answer, answer.not_worse[0])})"


def claim_sentence(comparison: Comparison, claim: Claim) -> str:
    """What this run says of a claim, with the figures that decide it."""
    fewest = min(comparison.concurrencies, default=0)
    shown = [c for c in claim.evidence if (c.place, c.concurrency, c.metric) == ("flask", fewest, "p50")]
    if not shown:
        return "This run has no valid pair of a static and a dynamic form behind the same server."
    return " ".join(contrast_sentence(comparison, c) for c in shown)


def contrast_sentence(comparison: Comparison, contrast: Contrast) -> str:
    """One pair in one sentence."""
    static, dynamic = (comparison.entry(name).result.format for name in (contrast.static, contrast.dynamic))
    by = factor(contrast.ratio)
    said = {
        "better": f"{static} is faster than {dynamic}, {by}",
        "worse": f"{static} is slower than {dynamic}, {by}",
        "tie": f"{static} and {dynamic} tie, {by}",
        "inconclusive": f"{static} against {dynamic} is inconclusive, {by}",
    }
    return f"{contrast.framework}: {said[contrast.outcome]}."


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
    windows = f"{len(found.capacity.probes)} windows of Poisson arrivals, {found.capacity.rate.samples:,} samples"
    behind = (
        f"and fell behind its schedule at {significant(found.behind)} req/s"
        if found.behind is not None
        else "and never fell behind its schedule"
    )
    kept = f"up to {significant(found.kept)} req/s" if found.kept is not None else "at no rate that was tried"
    return f" In an open loop the load generator held the objective against it {kept}, {behind} ({windows})."
