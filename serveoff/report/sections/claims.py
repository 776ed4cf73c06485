"""The article's claims: one row each, and for each its rule and its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from serveoff.analyse.claims.ruling import Claim, Exhibit, Voice
from serveoff.analyse.comparison import Comparison
from serveoff.report.phrases.cells import DASH, Cell, count_cell
from serveoff.report.phrases.names import describe_load, label
from serveoff.report.phrases.numbers import NONE, Format, factor, interval, megabytes, significant, times
from serveoff.report.phrases.tables import Column, Field, Table, listed, text_column

VERDICTS: Final = ("confirmed", "refuted", "mixed", "inconclusive", "not measured")
TONES: Final = {"confirmed": "good", "refuted": "bad", "mixed": "mid", "inconclusive": "mid", "not measured": "muted"}
SPEAKS: Final[Mapping[Voice, tuple[str, str]]] = {
    "for": ("for it", "good"),
    "against": ("against it", "bad"),
    "open": ("undecided", "mid"),
    "": ("shown", "muted"),
}
METRICS: Final = {"p50": "latency, p50", "throughput": "throughput"}
WRITTEN: Final[Mapping[str, Format]] = {
    "times": times,
    "bytes": lambda size: f"{megabytes(size)} MB",
    "lines": lambda count: f"{count:.0f} line{'' if count == 1 else 's'}",
    "error": lambda error: f"{error:.2g} apart",
}
"""How a figure of each unit is written."""


def verdict_counts(comparison: Comparison) -> str:
    """All verdicts in one sentence; nothing where claims were not judged."""
    if not comparison.claims:
        return ""
    verdicts = [claim.verdict for claim in comparison.claims]
    counts = [f"{verdicts.count(v)} {v}" for v in VERDICTS if v in verdicts]
    return f"Of the article's {len(verdicts)} claims: {', '.join(counts)}."


def overview(comparison: Comparison) -> Table:
    """The claims, their verdicts, and the figures that stand for them."""
    fields: list[Field[Claim]] = [
        (text_column("Claim"), lambda claim: Cell(claim.id)),
        (text_column("In the article's words"), lambda claim: Cell(claim.text)),
        (text_column("Verdict"), lambda claim: Cell(claim.verdict, tone=TONES[claim.verdict])),
        (text_column("Figure"), _figures),
        (text_column("Evidence"), _evidence),
    ]
    caption = (
        "Figures are those of each group that say least for the claim, with 95% intervals that hold for all contrasts "
        "of the claim together; n counts samples. A dash: nothing was measured that decides it."
    )
    return listed("claims", caption, fields, comparison.claims)


def details(comparison: Comparison, claim: Claim) -> Table:
    """All evidence of one claim."""
    fields: list[Field[Exhibit]] = [
        (text_column(f"Evidence for {claim.id}"), lambda exhibit: Cell(_what(comparison, exhibit), exhibit.test)),
        (text_column("Of"), lambda exhibit: Cell(exhibit.group)),
        (text_column("Load"), _load_cell),
        (text_column("By"), lambda exhibit: Cell(METRICS.get(exhibit.metric, exhibit.metric) or NONE)),
        (text_column("Figure"), _figure_cell),
        (text_column("Speaks"), _speaks_cell),
        (Column("Samples"), lambda exhibit: count_cell(exhibit.figure.samples) if exhibit.figure else DASH),
    ]
    caption = f"Evidence for {claim.id}; 95% intervals beneath. Of a contrast, above 1 the first is better."
    return listed(f"claim-{claim.id.lower()}", caption, fields, claim.exhibits)


def sentence(claim: Claim) -> str:
    """What the rule found, and how to measure what is missing."""
    return claim.reason + (f" To measure it: {claim.measure}." if claim.measure else "")


def _figures(claim: Claim) -> Cell:
    led = [exhibit for exhibit in claim.exhibits if exhibit.leads and exhibit.figure]
    said = "; ".join(f"{_figure(e)} (n\u00a0{e.figure.samples:,})" for e in led if e.figure)
    return Cell(said) if said else DASH


def _evidence(claim: Claim) -> Cell:
    contrasts = sum(bool(e.other) for e in claim.exhibits)
    proofs = sum(bool(e.test) for e in claim.exhibits)
    others = len(claim.exhibits) - contrasts - proofs
    counts = ((contrasts, "contrast"), (others, "finding"), (proofs, "test"))
    said = ", ".join(f"{n} {what}{'s' if n > 1 else ''}" for n, what in counts if n)
    return Cell(said or NONE, tone="" if said else "muted")


def _figure_cell(exhibit: Exhibit) -> Cell:
    figure = exhibit.figure
    return Cell(_value(exhibit), interval(figure, significant), figure.value) if figure else DASH


def _speaks_cell(exhibit: Exhibit) -> Cell:
    spoken, tone = SPEAKS[exhibit.speaks]
    return Cell("test", tone="muted") if exhibit.test else Cell(spoken, exhibit.outcome, tone=tone)


def _what(comparison: Comparison, exhibit: Exhibit) -> str:
    names = [label(comparison.entry(name).result) for name in (exhibit.mine, exhibit.other) if name]
    who = " against ".join(names)
    return f"{who}: {exhibit.words}" if who and exhibit.words else who or exhibit.words


def _load_cell(exhibit: Exhibit) -> Cell:
    other = f"against {describe_load(exhibit.other_load)}" if exhibit.other_load else ""
    return Cell(describe_load(exhibit.load) if exhibit.load else NONE, other)


def _figure(exhibit: Exhibit) -> str:
    """What it is of, by what, and the figure with its interval, in a line."""
    written = factor(exhibit.figure) if exhibit.unit == "times" else _value(exhibit)
    return f"{exhibit.group}, {exhibit.metric}: {written}"


def _value(exhibit: Exhibit) -> str:
    value = exhibit.figure.value if exhibit.figure else None
    return NONE if value is None else WRITTEN[exhibit.unit](value)
