"""The containers of a docker run: their images, and their limits and rights as seen from inside."""

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.record.resources import GIB, LIMITS_SAID, Container
from serveoff.report.phrases.cells import Cell, deployment_cell, number_cell
from serveoff.report.phrases.numbers import NONE, megabytes, significant
from serveoff.report.phrases.tables import Column, Field, Table, listed, text_column


def containers(comparison: Comparison) -> Table:
    """One row per deployment that ran in a container."""
    fields: list[Field[tuple[Entry, Container]]] = [
        (text_column("Deployment"), lambda row: deployment_cell(row[0])),
        (text_column("Image"), lambda row: Cell(row[1].image, row[1].image_digest.removeprefix("sha256:")[:12])),
        (Column("Size", "MB"), lambda row: number_cell(row[1].image_bytes or None, megabytes)),
        (Column("Cores", "numbers"), lambda row: Cell(", ".join(map(str, row[1].cpus)) or NONE)),
        (Column("CPU limit", "CPUs"), lambda row: _limit(row[1].cpu_limit)),
        (Column("Memory limit", "GiB"), lambda row: _limit(row[1].memory_limit_bytes, GIB)),
        (Column("User"), lambda row: _user(row[1].user_id)),
        (text_column("Capabilities"), lambda row: _capabilities(row[1])),
        (text_column("Root file system"), lambda row: _root(row[1])),
        (text_column("As requested"), lambda row: _as_asked(row[1])),
    ]
    caption = "Cores, limits, user and rights were read once from inside each container while it ran."
    return listed("containers", caption, fields, _contained(comparison))


def equal_limits(comparison: Comparison) -> str:
    """What every container had, in a sentence; empty where none ran."""
    found = [container for _, container in _contained(comparison)]
    had = [dict.fromkeys(said(getattr(container, field)) for container in found) for field, said in LIMITS_SAID.items()]
    if not found:
        return ""
    if any(len(values) > 1 for values in had):
        return " Containers did not have equal resources: see the table of containers."
    cores, cpu_limit, memory = (next(iter(values)) for values in had)
    return f" Seen from inside, every container had {cores}, {cpu_limit} and {memory}."


def _contained(comparison: Comparison) -> list[tuple[Entry, Container]]:
    found: dict[str, tuple[Entry, Container]] = {}
    for entry in comparison.entries:
        if entry.result.container is not None:
            found.setdefault(entry.result.deployment, (entry, entry.result.container))
    return list(found.values())


def _root(container: Container) -> Cell:
    return Cell("read-only") if container.read_only_root else Cell("writable", tone="mid")


def _as_asked(container: Container) -> Cell:
    problems = "; ".join(p.text for p in container.problems)
    return Cell("no", problems, tone="bad") if container.problems else Cell("yes", tone="good")


def _limit(value: float | None, unit: int = 1) -> Cell:
    return Cell("none", tone="muted") if value is None else number_cell(value / unit, significant)


def _user(user_id: int) -> Cell:
    return Cell(str(user_id), sort=user_id) if user_id else Cell("0", "root", 0, tone="bad")


def _capabilities(container: Container) -> Cell:
    more = "" if container.no_new_privileges else "may gain more"
    if container.capabilities == 0:
        return Cell("none", more, tone="mid" if more else "")
    return Cell(f"{container.capabilities.bit_count()} held", more or "", tone="mid")
