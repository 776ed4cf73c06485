"""The answer of a run in words, the same in the terminal and in every form of the report."""

from collections.abc import Sequence
from typing import Final

from serveoff.analyse.canary import asked
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.decision.decision import Excluded, ExcludedCode
from serveoff.analyse.decision.matrix import MatrixCell
from serveoff.analyse.decision.recommendation import Refusal, RefusalCode
from serveoff.analyse.decision.statements import Open, Statement
from serveoff.analyse.decision.would_change import RISKY_SERVERS, UNRISKED, Change, ChangeCode
from serveoff.analyse.statistics.estimates import NOTHING
from serveoff.record.attached import ATTACHED
from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.suite import Suite
from serveoff.report.phrases import attached, canary
from serveoff.report.phrases.names import (
    ENCODINGS,
    NARROW_SERVERS,
    PROTOCOLS,
    SERVERS,
    all_of,
    callers,
    counted,
    deployment_phrase,
    format_name,
    phrase,
)
from serveoff.report.phrases.numbers import UNITS, interval, ms, significant, three_digits

OBJECTIVES: Final = {
    "latency": "median latency",
    "tail": "p99 latency",
    "throughput": "throughput",
    "cost": "CPU per request",
    "cold_start": "cold start",
    "memory": "memory",
    "artifact": "artifact size",
}
"""As the matrix's columns and sentences call them."""
BETTER: Final = {
    "latency": "{} times faster than {}",
    "tail": "{} times lower p99 latency than {}",
    "throughput": "{} times the throughput of {}",
    "cost": "{} times less CPU per request than {}",
}
NOTHING_ELSE: Final = "No other contender is clearly better on any objective."
BUT_EXCLUDED: Final = "What is excluded might be."
STARTED_ONCE: Final = "Each deployment was started once: intervals hold for these processes, not for the next start."
TO_KNOW: Final = {
    "torchscript": "TorchScript is deprecated upstream{}.",
    "torchserve": "TorchServe is archived upstream and no longer maintained: it gets no security fixes.",
    "flask-tuned": "Tuned Flask is serveoff's own service: you deploy and maintain its code, services/flaskrest.",
}
"""What a format or a server costs those who deploy it, however fast it is."""
RISKS: Final = {"flask-tuned": "serveoff's own service", "torchserve": "archived TorchServe"}
"""By server, what some would rather do without."""
SUCCESSORS: Final = ("onnx", "torch_export")
UNKNOWN: Final = MatrixCell(NOTHING, "absent")
MOST_NAMED: Final = 3
"""Endpoints that a sentence names; of more it says how many."""


def head(comparison: Comparison) -> str:
    """`Recommended: TorchScript on Flask (REST)`, or that there is none and why; or how attached endpoints compare."""
    if comparison.attached.only:
        return attached.head(comparison)
    decision = comparison.decision
    if decision.recommended is not None:
        return f"Recommended: {endpoint(comparison, decision.recommended)}"
    return f"No recommendation: {_refused(comparison, decision.refused)}"


def figures(comparison: Comparison) -> str:
    """`0.360 ms median with 1 caller (0.352–0.368), 3,220 req/s with 16 (p99 8.11 ms), 333 MB`, if any."""
    decision = comparison.decision
    if comparison.attached.only:
        return attached.figures(comparison)
    if decision.recommended is None:
        return ""
    cells = decision.matrix.row(decision.recommended).cells
    latency, rate, memory = (cells.get(objective, UNKNOWN) for objective in ("latency", "throughput", "memory"))
    said = []
    if latency.estimate.value is not None:
        bounds = interval(latency.estimate, ms)
        asked = f" with {callers(latency.concurrency)}" if latency.concurrency else ""
        said.append(f"{ms(latency.estimate.value)} ms median{asked}" + (f" ({bounds})" if bounds else ""))
    if rate.estimate.value is not None:
        said.append(f"{significant(rate.estimate.value)} req/s{_under(comparison, decision.recommended, rate)}")
    if memory.estimate.value is not None:
        said.append(f"{UNITS['memory'][0](memory.estimate.value)} MB")
    return ", ".join(said)


def _under(comparison: Comparison, name: str, rate: MatrixCell) -> str:
    """` with 16 (p99 32.0 ms)`: a rate says little without what it costs in latency."""
    if not rate.concurrency:
        return ""
    point = comparison.entry(name).at(rate.concurrency)
    tail = f" (p99 {ms(point.p99_s.value)} ms)" if point is not None and point.p99_s.value is not None else ""
    return f" with {rate.concurrency}{tail}"


def statements(comparison: Comparison) -> list[str]:
    """What is clear, and who is as good: `2.03 times faster than TorchServe (1.98–2.08)`."""
    decision, found = comparison.decision, asked(comparison)
    gate = [canary.verdict(found)] if found is not None else []
    if comparison.attached.only:
        return [*gate, *attached.statements(comparison)]
    said = [_statement(comparison, statement) for statement in decision.statements]
    tied = [f"tied with {named(comparison, decision.tied_with)}"] if decision.tied_with else []
    return [*said, *tied, *gate, *attached.statements(comparison)]


def sentences(comparison: Comparison) -> list[str]:
    """The same, each with a capital and a full stop; the names of attached endpoints are as their user wrote them."""
    first = str if comparison.attached.baseline else capital
    return [f"{first(said)}." for said in statements(comparison)]


def unsettled(comparison: Comparison) -> list[str]:
    """What is not decided, in one sentence, and what no interval can hold."""
    if comparison.attached.only:
        return [*_warming(comparison), *attached.unsettled(comparison)]
    by_names: dict[tuple[str, ...], list[Open]] = {}
    for question in comparison.decision.open:
        by_names.setdefault(question.endpoints, []).append(question)
    against = [
        f"{all_of([OBJECTIVES[q.objective] for q in questions])} against {named(comparison, names)}"
        for names, questions in by_names.items()
    ]
    said = [f"Undecided: {'; '.join(against)}."] if against else []
    name = comparison.decision.recommended
    unseen = [*filter(None, (attached.network(comparison), attached.unseen(comparison)))]
    if name is None:
        return [*said, *unseen]
    once = [] if comparison.start_effect else [STARTED_ONCE]
    result = comparison.entry(name).result
    measured = any(entry.result.format in SUCCESSORS for entry in comparison.entries)
    again = f"make compare MODEL={comparison.suite.settings.model} EXTRA={','.join(SUCCESSORS)}"
    ask = "" if measured else f": `{again}` compares its successors"
    known = [TO_KNOW[what].format(ask) for what in (result.format, result.server) if what in TO_KNOW]
    return [*said, *once, *_warming(comparison), *known, *unseen]


def _warming(comparison: Comparison) -> list[str]:
    """Who is faster in truth than these figures say."""
    results = [entry.result for entry in comparison.entries if entry.role == "contender"]
    found = {result.endpoint: result.still_warming_s for result in results if result.still_warming_s is not None}
    if not found:
        return []
    who = named(comparison, list(found))
    who = who if comparison.attached.only else capital(who)
    one = len({result.deployment for result in results if result.endpoint in found}) == 1
    verb, they = ("was", "it is") if one else ("were", "they are")
    after = f"after {max(found.values()):g} s of warm-up: once warm, {they} faster than these figures say"
    return [f"{who} {verb} still getting faster {after}."]


def capital(text: str) -> str:
    """With a capital letter first."""
    return text[:1].upper() + text[1:]


def standing(suite: Suite) -> str:
    """How a race stands that goes on, by the last look at it; empty where there was none."""
    if suite.complete or not suite.looks:
        return ""
    look = suite.looks[-1]
    leaders = [phrase(found) for name in look.leaders[:1] if (found := suite.endpoint(name)) is not None]
    said = [
        *(f"{leader} leads" for leader in leaders),
        f"{look.undecided} of {look.pairs} differences open",
        f"{len(look.out)} out of the race",
    ]
    return f"After start {look.after_start}: {', '.join(said)}"


def changes(comparison: Comparison) -> list[str]:
    """What would change the answer, in words that a reader acts on."""
    if comparison.attached.only:
        return []
    decision = comparison.decision
    again = [_measured_again(comparison, each) for each in decision.excluded]
    risks = [_change(comparison, change) for change in decision.would_change if change.code in UNRISKED]
    asked = [_change(comparison, change) for change in decision.would_change if change.code not in UNRISKED]
    said = [*asked, *filter(None, again)]
    nothing = f"{NOTHING_ELSE} {BUT_EXCLUDED}" if decision.excluded else NOTHING_ELSE
    return [*(said or ([nothing] if decision.recommended else [])), *risks]


def capacity(comparison: Comparison) -> str:
    """What one replica holds, and what a higher rate takes; empty where its capacity is not known."""
    sizing = comparison.decision.sizing
    if sizing is None:
        return ""
    row = sizing.rows[-1]
    rate = f"{'at least ' if sizing.bound else ''}{significant(sizing.capacity.value or 0.0)} req/s"
    bounds = interval(sizing.capacity, significant)
    return (
        f"Holds {objective(comparison)} up to {rate}{f' ({bounds})' if bounds else ''}; {row.rate:,g} req/s take "
        f"{row.replicas} replicas, one of them spare"
    )


def objective(comparison: Comparison) -> str:
    """`p99 within 10 ms`: what must hold in an open loop."""
    settings = comparison.suite.settings
    return f"p{settings.objective_quantile * 100:g} within {settings.objective_bound_s * 1e3:g} ms"


def excluded(comparison: Comparison) -> str:
    """What does not count, in one line; empty where all does. Whom the head names as INVALID it does not repeat."""
    told = ExcludedCode.INVALID if comparison.decision.refused or comparison.attached.only else None
    said = [_excluded(comparison, each) for each in comparison.decision.excluded if each.code != told]
    return f"{'; '.join(said)}." if said else ""


def endpoint(comparison: Comparison, name: str) -> str:
    """`TorchScript on Flask (REST)`."""
    return phrase(comparison.entry(name).result)


def row_name(comparison: Comparison, name: str) -> str:
    """The same at the head of a narrow table's row: `Frozen graph on TF Serving (REST)`."""
    result = comparison.entry(name).result
    said = phrase(result, NARROW_SERVERS)
    return said if result.server == ATTACHED else capital(said)


def named(comparison: Comparison, names: Sequence[str]) -> str:
    """Endpoints by their names: of one deployment together, and of many only how many."""
    results = [comparison.entry(name).result for name in names]
    if len({result.deployment for result in results}) > MOST_NAMED:
        return f"{len(results)} endpoints"
    by_deployment: dict[str, list[EndpointResult]] = {}
    for result in results:
        by_deployment.setdefault(result.deployment, []).append(result)
    return all_of([_together(found) for found in by_deployment.values()])


def whom(comparison: Comparison, statement: Statement) -> str:
    """What a statement is against: `TorchServe`, `eager Keras`, `SavedModel on Flask`, `its own gRPC endpoint`."""
    result, name = comparison.entry(statement.endpoints[0]).result, statement.group.name
    return {
        "next": f"the next fastest, {phrase(result)}",
        "server": named(comparison, statement.endpoints) if name == ATTACHED else SERVERS.get(name, name),
        "eager": format_name(name),
        "format": deployment_phrase(result),
        "protocol": f"its own {PROTOCOLS.get(name, name)} endpoint",
    }[statement.group.kind]


def _refused(comparison: Comparison, refused: Refusal | None) -> str:
    if refused is None or not refused.ran:
        return "no contender was measured"
    names = named(comparison, refused.endpoints)
    verb, was = ("is", "was") if len(refused.endpoints) == 1 else ("are", "were")
    said: dict[RefusalCode, str] = {
        RefusalCode.NOTHING_VALID: "no contender has a VALID figure",
        RefusalCode.MANY_INVALID: f"{len(refused.endpoints)} of {refused.ran} contenders {verb} INVALID: {names}",
        RefusalCode.INVALID_WAS_QUICKER: f"{names} {verb} INVALID and {was} faster in every round than the best VALID "
        "contender",
    }
    return said[refused.code]


def _together(results: Sequence[EndpointResult]) -> str:
    if len(results) == 1:
        return phrase(results[0])
    return f"{deployment_phrase(results[0])} ({', '.join(PROTOCOLS.get(r.protocol, r.protocol) for r in results)})"


def _statement(comparison: Comparison, statement: Statement) -> str:
    bounds, ratio = interval(statement.ratio, three_digits), three_digits(statement.ratio.value or 0.0)
    said = BETTER[statement.objective].format(ratio, whom(comparison, statement))
    if any(comparison.entry(name).result.still_warming_s is not None for name in statement.endpoints):
        said = f"at most {said}"
    return f"{said} ({bounds})" if bounds else said


def _change(comparison: Comparison, change: Change) -> str:
    who, value = endpoint(comparison, change.endpoint), change.estimate.value or 0.0
    text, unit = UNITS.get(change.code, UNITS["latency"])
    said = {
        ChangeCode.CALLERS: f"With {callers(change.concurrency or 0)}: {who} ({ms(value)} ms median).",
        ChangeCode.ENCODING: f"If clients can send {ENCODINGS.get(change.payload, change.payload)}: {who} "
        f"({ms(value)} ms median).",
        ChangeCode.ARRIVALS: f"If {objective(comparison)} must hold under random arrivals: {who} "
        f"({significant(value)} req/s).",
        ChangeCode.SERVER: f"Without {_risks(comparison)}: {who} ({ms(value)} ms median).",
        ChangeCode.FORMAT: f"Without a deprecated format: {who} ({ms(value)} ms median).",
    }
    return said.get(change.code) or f"If {OBJECTIVES[change.code]} matters most: {who} ({text(value)} {unit})."


def _risks(comparison: Comparison) -> str:
    """Of the servers that were compared, that of the recommended first."""
    first = comparison.entry(comparison.decision.recommended or "").result.server
    ran = {entry.result.server for entry in comparison.entries if entry.role == "contender" and entry.points}
    ordered = sorted(ran.intersection(RISKY_SERVERS), key=lambda name: name != first)
    return " and ".join(RISKS[name] for name in ordered)


def _measured_again(comparison: Comparison, found: Excluded) -> str:
    """Who might be the choice if it were measured, or measured well; empty where that is known."""
    problems = [comparison.entry(name).result.unavailable for name in found.endpoints]
    why = dict.fromkeys(problem.text for problem in problems if problem is not None)
    names = named(comparison, found.endpoints)
    return {
        ExcludedCode.INVALID: f"{names} {_is(found.endpoints)} INVALID here: see why, and run again.",
        ExcludedCode.NOT_RUN: f"{names} could not run here{f': {all_of(list(why))}' if why else ''}.",
    }.get(found.code, "")


def _excluded(comparison: Comparison, found: Excluded) -> str:
    names = found.endpoints
    measured = sum(comparison.entry(name).result.unavailable is None for name in names)
    stood_in = f" ({counted(measured, 'endpoint')} of its stand-in measured, not ranked)" if measured else ""
    return {
        ExcludedCode.STAND_IN: f"TensorFlow Serving is not installed: install it and run again{stood_in}",
        ExcludedCode.NOT_RUN: f"{named(comparison, names)} could not run",
        ExcludedCode.INVALID: f"{named(comparison, names)} {_is(names)} INVALID{_seen(comparison, names)}",
        ExcludedCode.PARTLY_INVALID: f"some loads of {named(comparison, names)} are INVALID",
    }[found.code]


def _seen(comparison: Comparison, names: Sequence[str]) -> str:
    """Why, of one that answers wrongly in the first place; nothing where reasons differ: the section has them all."""
    points = [comparison.entry(name).alone for name in names]
    seen = {finding.seen for point in points if point is not None for finding in point.verdict.reasons[:1]}
    return f" ({seen.pop()})" if len(seen) == 1 else ""


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
