"""What a run's report holds, in its order: a new section is a module with a function, and its name here."""

from collections.abc import Callable, Sequence
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.report.section import Document, Section
from serveoff.report.sections import (
    answer,
    batches,
    capacity,
    claims,
    cold_starts,
    excluded,
    latency,
    leaving,
    load,
    matrix,
    next_steps,
    notes,
    parity,
    payloads,
    resources,
    rounds,
    tail,
    waterfall,
)
from serveoff.report.sections.run import environment, method
from serveoff.report.sections.variants import precision, sweeps

Make = Callable[[Comparison], Section | None]
"""Makes a section; None where the run has nothing for it."""
FIRST: Final[Sequence[Make]] = (
    answer.glance,
    answer.certainty,
    next_steps.section,
    answer.changes,
    excluded.glance,
    matrix.section,
    parity.section,
    load.glance,
    waterfall.glance,
    claims.glance,
    notes.beside,
)
"""What everybody reads: at most two screens."""
FOLDS: Final[Sequence[Make]] = (
    latency.section,
    rounds.section,
    tail.section,
    waterfall.section,
    capacity.section,
    resources.section,
    cold_starts.section,
    payloads.section,
    batches.section,
    leaving.section,
    precision.section,
    sweeps.section,
    claims.section,
    excluded.section,
    method.section,
    environment.section,
    notes.raw_data,
)
"""The evidence."""


def document(comparison: Comparison) -> Document:
    """The report, in its order."""
    suite = comparison.suite
    machine = suite.environment.machine
    containers = ("containers",) if suite.settings.runtime == "docker" else ()
    return Document(
        title=notes.title(comparison),
        ident=(f"run {suite.run_id}", f"machine {machine.id}", suite.started_at[:10], *containers),
        warnings=tuple(notes.caveats(comparison)),
        first=_made(FIRST, comparison),
        folds=_made(FOLDS, comparison),
        footer=(
            f"Run {suite.run_id} on machine {machine.id} ({machine.cpu_model}, {machine.cores_said}). Intervals are "
            "95%. Do not compare figures across machines."
        ),
        name=f"{notes.title(comparison)}: {suite.run_id}{' (partial)' if comparison.partial else ''}",
        partial=comparison.partial,
    )


def _made(makers: Sequence[Make], comparison: Comparison) -> tuple[Section, ...]:
    return tuple(section for make in makers if (section := make(comparison)) is not None)
