"""Two runs in Markdown, fit for a pull request: the verdict first, then the regressions, then every figure."""

from collections.abc import Sequence

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.regressions import Regression
from serveoff.analyse.run_diff import Versus
from serveoff.report.formats.markdown import escape, table
from serveoff.report.phrases import two_runs
from serveoff.report.phrases.cells import Cell, endpoint_cell
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import factor
from serveoff.report.phrases.tables import ENDPOINT, Column, Field, Table, listed, text_column


def render(found: Versus, worse: Sequence[Regression], threshold: float) -> str:
    """The whole comparison of two runs."""
    head = [f"# {verdict(found, worse, threshold)}", "", f"**{escape(two_runs.decision(found))}**", ""]
    sides = [f"- {name}: {_side(a.comparison)}" for name, a in (("A", found.a), ("B", found.b))]
    parts = [*head, *sides, "", *[f"> {escape(caution)}\n>" for caution in two_runs.cautions(found)], ""]
    if worse:
        parts += ["## What got worse", "", table(regression_table(worse)), ""]
    everything = two_runs.table(found)
    parts += ["## Endpoint by endpoint", "", escape(everything.caption), "", table(everything), ""]
    if (invalid := two_runs.invalid_table(found)).rows:
        parts += ["## INVALID points", "", table(invalid), ""]
    return "\n".join(parts)


def verdict(found: Versus, worse: Sequence[Regression], threshold: float) -> str:
    """The gate in one line."""
    if found.withheld:
        return "Not compared: the runs are of different machines"
    if not worse and not any(pair.ratio for line in found.lines for pair in line.pairs):
        return "Not compared: no endpoint is VALID in both runs"
    if not worse:
        return f"No regression: nothing got slower by more than the noise and {threshold:.0%}"
    broken = sum(r.ratio is None for r in worse)
    slower = len({r.line.entry.name for r in worse if r.ratio is not None})
    said = [f"{slower} endpoint{'s' * (slower != 1)} slower"] * bool(slower)
    said += [f"{broken} point{'s' * (broken != 1)} no longer VALID"] * bool(broken)
    return f"Regression: {', '.join(said)}"


def regression_table(worse: Sequence[Regression]) -> Table:
    """Each regression with its ratio and the interval that holds for all comparisons together."""
    fields: list[Field[Regression]] = [
        (ENDPOINT, lambda r: endpoint_cell(r.line.entry)),
        (Column("Callers"), lambda r: Cell(callers(r.line.concurrency), sort=r.line.concurrency)),
        (text_column("By"), lambda r: Cell(two_runs.CARDS.get(r.statistic, r.statistic))),
        (Column("B is", "times as fast"), lambda r: Cell(factor(r.ratio))),
        (text_column("Why"), lambda r: Cell(r.why)),
    ]
    return listed("regressions", "Intervals hold for all comparisons together.", fields, worse)


def _side(comparison: Comparison) -> str:
    suite = comparison.suite
    machine = suite.environment.machine
    return escape(
        f"run {suite.run_id}, {suite.settings.model}, profile {suite.settings.profile}, "
        f"machine {machine.id} ({machine.cpu_model}, {machine.cores_said})"
    )
