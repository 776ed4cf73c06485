"""The article's claims: one row each, and for each its rule and its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from serveoff.analyse.claims.ruling import Claim, Exhibit, Voice
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.statistics.bootstrap import Estimate
from serveoff.report.phrases.cells import DASH, Cell, count_cell
from serveoff.report.phrases.names import describe_load, label
from serveoff.report.phrases.numbers import NONE, Format, factor, interval, megabytes, significant, times
from serveoff.report.phrases.tables import Column, Table, single, text_column

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
    columns = (
        text_column("Claim"),
        text_column("In the article's words"),
        text_column("Verdict"),
        text_column("Figure"),
        text_column("Evidence"),
    )
    rows = tuple(
        (
            Cell(claim.id),
            Cell(claim.text),
            Cell(claim.verdict, tone=TONES[claim.verdict]),
            _figures(claim),
            _evidence(claim),
        )
        for claim in comparison.claims
    )
    caption = (
        "Figures are those of each group that say least for the claim, with 95% intervals that hold for all contrasts "
        "of the claim together; n counts samples. A dash: nothing was measured that decides it."
    )
    return single("claims", caption, columns, rows)


def details(comparison: Comparison, claim: Claim) -> Table:
    """All evidence of one claim."""
    columns = (
        text_column(f"Evidence for {claim.id}"),
        text_column("Of"),
        text_column("Load"),
        text_column("By"),
        text_column("Figure"),
        text_column("Speaks"),
        Column("Samples"),
    )
    rows = tuple(_row(comparison, exhibit) for exhibit in claim.exhibits)
    caption = f"Evidence for {claim.id}; 95% intervals beneath. Of a contrast, above 1 the first is better."
    return single(f"claim-{claim.id.lower()}", caption, columns, rows)


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


def _row(comparison: Comparison, exhibit: Exhibit) -> tuple[Cell, ...]:
    spoken, tone = SPEAKS[exhibit.speaks]
    figure, none = exhibit.figure, DASH
    return (
        Cell(_what(comparison, exhibit), exhibit.test),
        Cell(exhibit.group),
        Cell(describe_load(exhibit.load) if exhibit.load else NONE, _other_load(exhibit)),
        Cell(METRICS.get(exhibit.metric, exhibit.metric) or NONE),
        Cell(_value(exhibit), _bounds(figure), figure.value) if figure else none,
        Cell("test", tone="muted") if exhibit.test else Cell(spoken, exhibit.outcome, tone=tone),
        count_cell(figure.samples) if figure else none,
    )


def _what(comparison: Comparison, exhibit: Exhibit) -> str:
    names = [label(comparison.entry(name).result) for name in (exhibit.mine, exhibit.other) if name]
    who = " against ".join(names)
    return f"{who}: {exhibit.words}" if who and exhibit.words else who or exhibit.words


def _other_load(exhibit: Exhibit) -> str:
    return f"against {describe_load(exhibit.other_load)}" if exhibit.other_load else ""


def _figure(exhibit: Exhibit) -> str:
    """What it is of, by what, and the figure with its interval, in a line."""
    written = factor(exhibit.figure) if exhibit.unit == "times" else _value(exhibit)
    return f"{exhibit.group}, {exhibit.metric}: {written}"


def _value(exhibit: Exhibit) -> str:
    value = exhibit.figure.value if exhibit.figure else None
    return NONE if value is None else WRITTEN[exhibit.unit](value)


def _bounds(figure: Estimate | None) -> str:
    return interval(figure, significant) if figure else ""
