"""The article's claims: one line each, and for each its rule and its evidence."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from serveoff.analyse.claims.ruling import Claim, ClaimVerdict, Exhibit, Part, Voice
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.loadtests.loads import Load
from serveoff.report.charts import static_dynamic
from serveoff.report.phrases.cells import DASH, Cell, count_cell
from serveoff.report.phrases.names import ENCODINGS, all_of, describe_load, phrase
from serveoff.report.phrases.numbers import NONE, Format, compared, interval, megabytes, ms, multiple, significant
from serveoff.report.phrases.tables import Column, Field, Table, listed, text_column
from serveoff.report.section import Figure, Link, Section

ARTICLE: Final = "TensorFlow1.x 2.x and PyTorch: a detailed comparison"
ARTICLE_URL: Final = "https://machinelearningplus.com/deep-learning/tensorflow1-vs-tensorflow2-vs-pytorch"
MEASURED: Final[Mapping[ClaimVerdict, str]] = {
    "confirmed": "good",
    "refuted": "bad",
    "mixed": "mid",
    "undecided": "mid",
    "not measured": "muted",
}
"""Verdicts that a run's figures give, and their tones."""
APART: Final[Mapping[ClaimVerdict, tuple[str, str]]] = {
    "true by construction": ("is true by construction", "are true by construction"),
    "not a performance claim": ("is not a performance claim", "are not performance claims"),
}
RULES: Final = (
    "Each rule was written before any run, and is applied to this run's own measurements; intervals are 95% and hold "
    "for all comparisons of a claim together. A claim about how code is written is true by construction: the run "
    "checks it, and a failed check or a wrong answer would refute it. A claim that is not about performance has no "
    "verdict; what was measured beside it is shown."
)
RATIOS: Final = (
    "Ratio of medians, dynamic form over static graph, same server and body. Hollow: tied or undecided; band: 5% "
    "either way."
)
TONES: Final = {**MEASURED, **dict.fromkeys(APART, "muted")}
SPEAKS: Final[Mapping[Voice, tuple[str, str]]] = {
    "for": ("for it", "good"),
    "against": ("against it", "bad"),
    "open": ("undecided", "mid"),
    "": ("shown", "muted"),
}
METRICS: Final = {"p50": "latency, p50", "p90": "latency, p90", "p99": "latency, p99", "throughput": "throughput"}
RATIOS_SAID: Final = {"p50": ("faster", "slower"), "p99": ("faster", "slower"), "throughput": ("higher", "lower")}
"""How a ratio of this metric is said, above 1 and below; any other is a longer or a shorter time."""
WRITTEN: Final[Mapping[str, Format]] = {
    "seconds": lambda seconds: f"{ms(seconds)} ms",
    "bytes": lambda size: f"{megabytes(size)} MB",
    "lines": lambda count: f"{count:.0f} line{'' if count == 1 else 's'}",
    "error": lambda error: f"{error:.2g} apart",
}
"""How a figure of each unit is written."""
BOUNDS: Final[Mapping[str, Format]] = {"seconds": ms}
"""How the ends of an interval are written, where that is not `significant`."""


def glance(comparison: Comparison) -> Section | None:
    """Each claim in a line; nothing where claims were not judged."""
    if not comparison.claims:
        return None
    return Section("verdicts", "The article's claims", table=overview(comparison))


def section(comparison: Comparison) -> Section | None:
    """Each claim with its rule and its evidence."""
    if not comparison.claims:
        return None
    return Section(
        "claims",
        "The article's claims: rules and evidence",
        paragraphs=(RULES,),
        links=(Link(ARTICLE, ARTICLE_URL, ARTICLE_URL, ", the article"),),
        figure=Figure(partial(static_dynamic.draw, comparison), RATIOS),
        parts=tuple(_part(comparison, claim) for claim in comparison.claims),
    )


def _part(comparison: Comparison, claim: Claim) -> Section:
    return Section(
        _address(claim),
        f"{claim.id}: {claim.text}",
        paragraphs=(sentence(comparison, claim), f"Rule: {claim.rule}"),
        table=details(comparison, claim) if claim.exhibits else None,
    )


def verdict_counts(comparison: Comparison) -> str:
    """All verdicts, those that no figure decides apart; nothing where claims were not judged."""
    verdicts = [claim.verdict for claim in comparison.claims]
    if not verdicts:
        return ""
    apart = [f"{n} {words[n > 1]}" for verdict, words in APART.items() if (n := verdicts.count(verdict))]
    judged = [f"{n} {verdict}" for verdict in MEASURED if (n := verdicts.count(verdict))]
    said = f"{all_of(apart)}. The others: " if apart else ""
    return f"Of the article's {len(verdicts)} claims, {said}{', '.join(judged) or 'none'}."


def overview(comparison: Comparison) -> Table:
    """The claims, their verdicts, and what was found, one line each."""
    fields: list[Field[Claim]] = [
        (text_column("In the article's words"), lambda claim: Cell(f"{claim.id}: {claim.text}", link=_address(claim))),
        (text_column("Verdict"), lambda c: Cell(f"{c.scope} {c.verdict}".strip(), _parts(c), tone=TONES[c.verdict])),
    ]
    caption = f"{verdict_counts(comparison)} Rules and evidence are below."
    return listed("claims", caption, fields, comparison.claims)


def finding(comparison: Comparison, claim: Claim) -> str:
    """What was found, in a line, such as `Confirmed for TensorFlow 2, 5.6 times faster; tied for PyTorch`."""
    found = _parts(claim) or claim.verdict
    if claim.scope:
        found = f"{claim.scope}: {found[0].lower()}{found[1:]}"
    if claim.verdict == "not a performance claim" and (shown := _shown_beside(comparison, claim)):
        found += f"; measured beside it: {'; '.join(shown)}"
    if claim.verdict == "true by construction":
        found += ", and checked in this run"
    return f"{found[0].upper()}{found[1:]}. {claim.reason}".strip()


def sentence(comparison: Comparison, claim: Claim) -> str:
    """What was found, and how to measure what is missing."""
    return finding(comparison, claim) + (f" To measure it: {claim.measure}." if claim.measure else "")


def details(comparison: Comparison, claim: Claim) -> Table:
    """All evidence of one claim."""
    fields: list[Field[Exhibit]] = [
        (text_column("Evidence"), lambda exhibit: Cell(_what(comparison, exhibit), exhibit.check)),
        (text_column("By"), _by_cell),
        (text_column("Figure"), _figure_cell),
        (text_column("Speaks"), lambda e: Cell(SPEAKS[e.speaks][0], e.outcome, tone=SPEAKS[e.speaks][1])),
        (Column("Samples"), lambda exhibit: count_cell(exhibit.figure.samples) if exhibit.figure else DASH),
    ]
    return listed(_address(claim), f"Evidence for {claim.id}.", fields, claim.exhibits)


def _address(claim: Claim) -> str:
    return f"claim-{claim.id.lower()}"


def _parts(claim: Claim) -> str:
    """The verdict of each part, those that share one together."""
    said: dict[tuple[str, str], list[str]] = {}
    for part in claim.parts:
        verdict = "tied" if part.equal else part.verdict
        said.setdefault((verdict, _by_how_much(claim, part)), []).append(part.group)
    words = "; ".join(f"{verdict} for {all_of(groups)}{figure}" for (verdict, figure), groups in said.items())
    return words[:1].upper() + words[1:]


def _by_how_much(claim: Claim, part: Part) -> str:
    """The figure that stands for a part whose verdict is clear."""
    led = next((e.figure for e in claim.exhibits if e.leads and e.group == part.group), None)
    if part.equal or led is None or part.verdict not in ("confirmed", "refuted"):
        return ""
    several = sum(bool(e.other and e.speaks and e.group == part.group) for e in claim.exhibits) > 1
    bound = ("at least " if part.verdict == "confirmed" else "up to ") if several else ""
    return f", {bound}{compared(_alone(led))}"


def _shown_beside(comparison: Comparison, claim: Claim) -> list[str]:
    """What is compared beside a claim: for each two endpoints their latency and throughput, as far as measured."""
    pairs: dict[tuple[str, str], list[Exhibit]] = {}
    for exhibit in claim.exhibits:
        if exhibit.leads:
            pairs.setdefault((exhibit.mine, exhibit.other), []).append(exhibit)
    names = {name: phrase(comparison.entry(name).result) for pair in pairs for name in pair}
    return [f"{names[a]} against {names[b]}: {', '.join(map(_contrast, found))}" for (a, b), found in pairs.items()]


def _contrast(exhibit: Exhibit) -> str:
    """`1.8 times faster`, `2.6 times the throughput`, `throughput undecided`."""
    figure = exhibit.figure
    if figure is None or figure.value is None or exhibit.outcome not in ("faster", "slower"):
        metric = "throughput" if exhibit.metric == "throughput" else "median latency"
        return f"{metric} {'tied' if exhibit.outcome == 'tied' else 'undecided'}"
    if exhibit.metric == "p50":
        return compared(_alone(figure))
    how = "lower" if figure.value < 1 else "the"
    return f"{multiple(max(figure.value, 1 / figure.value))} times {how} throughput"


def _alone(figure: Estimate) -> Estimate:
    """Without its interval."""
    return Estimate(figure.value, None, None, figure.samples)


def _figure_cell(exhibit: Exhibit) -> Cell:
    figure = exhibit.figure
    if figure is None or figure.value is None:
        return DASH
    if exhibit.unit == "times":
        text, _, bounds = compared(figure, *RATIOS_SAID.get(exhibit.metric, ("longer", "shorter"))).partition(" (")
        return Cell(text, bounds.rstrip(")"), figure.value)
    return Cell(
        WRITTEN[exhibit.unit](figure.value), interval(figure, BOUNDS.get(exhibit.unit, significant)), figure.value
    )


def _what(comparison: Comparison, exhibit: Exhibit) -> str:
    sides = ((exhibit.mine, exhibit.load), (exhibit.other, exhibit.other_load or exhibit.load))
    who = " compared with ".join(_called(comparison, name, load) for name, load in sides if name)
    return f"{who}: {exhibit.shows}" if who and exhibit.shows else who or exhibit.shows


def _called(comparison: Comparison, name: str, load: Load | None) -> str:
    """`eager Keras in process (model.predict)`: two calls of one model are told apart."""
    way = f" ({ENCODINGS.get(load.payload, load.payload)})" if load and load.payload else ""
    return phrase(comparison.entry(name).result) + way


def _by_cell(exhibit: Exhibit) -> Cell:
    """The metric, and under which load."""
    other = f" against {describe_load(exhibit.other_load)}" if exhibit.other_load else ""
    load = describe_load(exhibit.load) + other if exhibit.load else ""
    return Cell(METRICS.get(exhibit.metric, exhibit.metric) or NONE, load)
