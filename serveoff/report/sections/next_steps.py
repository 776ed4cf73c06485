"""What to do next: the commands that serve the recommended contender, and how many replicas a rate takes."""

from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.decision.sizing import SPARE, Sizing, SizingRow
from serveoff.report.phrases.cells import count_cell, number_cell
from serveoff.report.phrases.numbers import full, gigabytes, significant
from serveoff.report.phrases.tables import Column, Field, Table, listed
from serveoff.report.section import Section
from serveoff.report.sections.capacity import objective

UP: Final = "docker compose -f serving.yaml up --wait"


def section(comparison: Comparison) -> Section | None:
    """Nothing where nothing is recommended."""
    decision = comparison.decision
    if decision.serve_with is None:
        return None
    steps, sizing = decision.serve_with, decision.sizing
    code, parts = steps.command, []
    if steps.compose:
        code += f"\n# or in a container, with the file below:\n{steps.build} && {UP}"
        parts.append(Section("compose-file", "serving.yaml", code=steps.compose, folded=True))
    figures: dict[str, float] = {}
    if sizing is not None:
        parts.append(Section("sizing", "Replicas for a rate", table=replicas(comparison, sizing)))
        figures = {"per_replica": sizing.per_replica, "spare": SPARE}
        figures |= {"memory_bytes": sizing.memory_bytes} if sizing.memory_bytes else {}
    return Section("next-steps", "What to do next", code=code, parts=tuple(parts), figures=figures)


def replicas(comparison: Comparison, sizing: Sizing) -> Table:
    """For a few rates."""
    fields: list[Field[SizingRow]] = [
        (Column("Rate", "req/s"), lambda row: number_cell(row.rate, significant)),
        (Column("Replicas"), lambda row: count_cell(row.replicas)),
        (Column("Memory", "GB"), lambda row: number_cell(row.memory_bytes, gigabytes)),
        (Column("Memory", "GB h per million"), lambda row: number_cell(row.gb_hours_per_million, significant)),
    ]
    cpu = sizing.cpu_hours_per_million
    hours = f" A million requests take {significant(cpu)} CPU hours." if cpu else ""
    least = "at least " if sizing.bound else ""
    caption = (
        f"One replica holds {least}{full(sizing.capacity, significant, 'req/s')} with {objective(comparison)} "
        f"({sizing.capacity.samples:,} samples). The table plans on {significant(sizing.per_replica)} req/s a replica "
        f"and {SPARE} spare.{hours}"
    )
    return listed("sizing", caption, fields, sizing.rows)
