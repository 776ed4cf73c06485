"""The containers of a docker run: their images, and their limits and rights as seen from inside."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.record.resources import GIB, LIMITS_SAID, Container
from serveoff.report.phrases.cells import Cell, deployment_cell, number_cell
from serveoff.report.phrases.numbers import NONE, megabytes, significant
from serveoff.report.phrases.tables import Column, Table, single, text_column

DIGEST_LENGTH = 12


def containers(comparison: Comparison) -> Table:
    """One row per deployment that ran in a container."""
    columns = (
        text_column("Deployment"),
        text_column("Image"),
        Column("Size", "MB"),
        Column("Cores", "numbers"),
        Column("CPU limit", "CPUs"),
        Column("Memory limit", "GiB"),
        Column("User"),
        text_column("Capabilities"),
        text_column("Root file system"),
        text_column("As asked for"),
    )
    rows = tuple(_row(entry, container) for entry, container in _contained(comparison))
    caption = "Cores, limits, user and rights were read once from inside each container while it ran."
    return single("containers", caption, columns, rows)


def equal_limits(comparison: Comparison) -> str:
    """What every container had, in a sentence; empty where none ran."""
    found = [container for _, container in _contained(comparison)]
    had = [dict.fromkeys(said(getattr(container, field)) for container in found) for field, said in LIMITS_SAID.items()]
    if not found:
        return ""
    if any(len(values) > 1 for values in had):
        return " Containers did not have equal resources: the table of containers shows them."
    cores, cpu_limit, memory = (next(iter(values)) for values in had)
    return f" Seen from inside, every container had {cores}, {cpu_limit} and {memory}."


def _contained(comparison: Comparison) -> list[tuple[Entry, Container]]:
    found: dict[str, tuple[Entry, Container]] = {}
    for entry in comparison.entries:
        if entry.result.container is not None:
            found.setdefault(entry.result.deployment, (entry, entry.result.container))
    return list(found.values())


def _row(entry: Entry, container: Container) -> tuple[Cell, ...]:
    size = container.memory_limit_bytes
    return (
        deployment_cell(entry),
        Cell(container.image, container.image_digest.removeprefix("sha256:")[:DIGEST_LENGTH]),
        number_cell(container.image_bytes or None, megabytes),
        Cell(", ".join(map(str, container.cpus)) or NONE),
        _limit(container.cpu_limit),
        _limit(None if size is None else size / GIB),
        _user(container.user_id),
        _capabilities(container),
        Cell("read-only") if container.read_only_root else Cell("writable", tone="mid"),
        Cell("no", "; ".join(p.text for p in container.problems), tone="bad")
        if container.problems
        else Cell("yes", tone="good"),
    )


def _limit(value: float | None) -> Cell:
    return Cell("none", tone="muted") if value is None else Cell(significant(value), sort=value)


def _user(user_id: int) -> Cell:
    return Cell(str(user_id), sort=user_id) if user_id else Cell("0", "root", 0, tone="bad")


def _capabilities(container: Container) -> Cell:
    more = "" if container.no_new_privileges else "may gain more"
    if container.capabilities == 0:
        return Cell("none", more, tone="mid" if more else "")
    return Cell(f"{container.capabilities.bit_count()} held", more or "", tone="mid")
