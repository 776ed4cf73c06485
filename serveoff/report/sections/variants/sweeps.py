"""What one setting changes, and the two rankings: every server with equal settings, and with its defaults."""

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.sweeps import Change, Standing
from serveoff.record.endpoint_results import OUT_OF_THE_BOX
from serveoff.report.phrases.cells import (
    DASH,
    TONES,
    Cell,
    best_rate_cell,
    count_cell,
    endpoint_cell,
    estimate_cell,
    number_cell,
    rank_cell,
    valid_cell,
)
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import factor, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed, text_column
from serveoff.report.section import Section


def section(comparison: Comparison) -> Section | None:
    """Nothing where no setting was varied."""
    if not comparison.sweeps.changes:
        return None
    one, defaults = changes(comparison), out_of_the_box(comparison)
    said = (sentence(comparison), *refusals(comparison))
    part = Section("default-settings", "Default settings", paragraphs=said, table=defaults)
    return Section(
        "variants",
        "Other settings",
        paragraphs=(headline(comparison),),
        table=one if one.rows else None,
        parts=(part,) if defaults.rows else (),
    )


def changes(comparison: Comparison) -> Table:
    """Each variant beside its base: throughput and median, and how many times better."""
    fields: list[Field[Change]] = [
        (ENDPOINT, lambda change: endpoint_cell(change.base or change.variant)),
        (text_column("Changed"), lambda change: Cell(change.variant.result.variant)),
        (Column("Callers"), lambda change: number_cell(change.point.concurrency, str)),
        (Column("Rate", "req/s"), lambda change: valid_cell(change.point, change.point.throughput, significant)),
        (Column("Rate is", "times its own"), lambda change: estimate_cell(change.more, significant)),
        (Column("p50", "ms"), lambda change: estimate_cell(change.point.p50_s if change.point.valid else None, ms)),
        (Column("Faster", "times"), lambda change: estimate_cell(change.faster, significant)),
        (text_column("Verdict"), lambda c: Cell(c.outcome, tone=TONES[c.outcome]) if c.outcome in TONES else DASH),
        (SAMPLES, lambda change: count_cell(change.point.samples)),
    ]
    caption = (
        "Each endpoint with one setting changed, compared with itself without the change, in the same rounds; "
        "95% intervals beneath."
    )
    changed = [change for change in comparison.sweeps.changes if change.setting != OUT_OF_THE_BOX]
    return listed("settings", caption, fields, changed)


def out_of_the_box(comparison: Comparison) -> Table:
    """The ranking of servers with their defaults, beside the standings that they have with equal settings."""
    fields: list[Field[Standing]] = [
        (Column("Rank with its defaults"), lambda standing: rank_cell(standing.rank, standing.tied_above)),
        (Column("Rank with equal settings"), lambda standing: rank_cell(standing.tuned_rank)),
        (ENDPOINT, lambda standing: endpoint_cell(standing.entry)),
        (Column("p50", "ms"), lambda s: estimate_cell(s.entry.alone.p50_s if s.entry.alone else None, ms)),
        (Column("p99", "ms"), lambda s: estimate_cell(s.entry.alone.p99_s if s.entry.alone else None, ms)),
        (Column("Best rate", "req/s"), lambda standing: best_rate_cell(standing.entry)),
        (SAMPLES, lambda standing: count_cell(standing.entry.alone.samples if standing.entry.alone else 0)),
    ]
    caption = "One worker each; everything else by default. ≈: tied with the row above, or undecided."
    return listed("out-of-the-box", caption, fields, comparison.sweeps.out_of_the_box)


def sentence(comparison: Comparison) -> str:
    """How many standings change between the two rankings."""
    standings = [p for p in comparison.sweeps.out_of_the_box if p.tuned_rank is not None]
    if not standings:
        return ""
    tuned = [p.entry.result.base for p in sorted(standings, key=lambda p: p.tuned_rank or 0)]
    same = tuned == [p.entry.result.base for p in standings]
    order = "the same" if same else "not the same"
    return f"With default settings the order is {order} as with equal settings."


def refusals(comparison: Comparison) -> tuple[str, ...]:
    """What TensorFlow Serving does by default with more callers than it has threads."""
    if all(standing.entry.result.server != "tfserving" for standing in comparison.sweeps.out_of_the_box):
        return ()
    return (
        "By default the cores limit how many gRPC calls TensorFlow Serving takes at once. It refuses the others with "
        "RESOURCE_EXHAUSTED (gRPC code 8); --grpc_max_threads raises the limit.",
    )


def headline(comparison: Comparison) -> str:
    """The largest gain of all settings, with its interval; nothing where none is clear."""
    gains = [c for c in comparison.sweeps.changes if c.outcome == "faster" and c.more and c.setting != OUT_OF_THE_BOX]
    if not gains:
        return "None of the settings tried increased an endpoint's throughput clearly."
    best = max(gains, key=lambda c: c.more.value or 0.0 if c.more else 0.0)
    assert best.more is not None
    return (
        f"The largest gain: {best.variant.result.base} with {best.variant.result.variant} and "
        f"{callers(best.point.concurrency)} serves {factor(best.more)} the rate."
    )
