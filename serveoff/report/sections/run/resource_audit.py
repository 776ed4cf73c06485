"""What each server had, seen inside its processes and told by itself, beside what the run asked for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.record.resources import GIB, Resources
from serveoff.report.phrases.cells import DASH, Cell, endpoint_cell
from serveoff.report.phrases.names import phrase, server
from serveoff.report.phrases.numbers import NONE, significant
from serveoff.report.phrases.tables import ENDPOINT, Column, Field, Table, listed, text_column, uniform, without
from serveoff.report.sections.run.devices import device_cell, worth_a_column

UNTOLD: Final = "requested"
LookedInto = tuple[Entry, Resources]
SET: Final = ("Cores", "Workers", "Threads per worker", "Intra-op threads", "Batching", "Memory limit")
"""What should be equal for all; the others are what a server makes of it."""
TELLING: Final = ("workers", "threads_per_worker", "intra_op_threads", "batch_size")


def resources_seen(comparison: Comparison) -> Table:
    """One row per endpoint whose server was looked into."""
    shown = _looked_into(comparison)
    device: Field[LookedInto] = (text_column("Device"), lambda row: device_cell(comparison, row[0]))
    fields: list[Field[LookedInto]] = [
        (ENDPOINT, lambda row: endpoint_cell(row[0])),
        (text_column("As requested"), _verdict),
        (Column("Cores"), lambda row: Cell(", ".join(map(str, row[1].cpus))) if row[1].cpus else DASH),
        (Column("Workers"), _setting("workers")),
        (Column("Threads per worker"), _setting("threads_per_worker")),
        (Column("Intra-op threads"), _setting("intra_op_threads")),
        (text_column("Batching"), _batching),
        (Column("Memory limit", "GiB"), lambda row: _limit(row[1])),
        (Column("Processes"), lambda row: _count(row[1].processes)),
        (Column("OS threads"), lambda row: _threads(row[1])),
        (text_column("Versions"), lambda row: Cell(", ".join(" ".join(v) for v in row[0].result.versions.items()))),
        *([device] if worth_a_column(comparison) else []),
    ]
    caption = (
        "Cores, processes, threads and memory limits: read once from the kernel, of every process and thread, when "
        "ready and idle. Workers, intra-op threads and batching: as the server reports them."
    )
    table = listed("inside", caption, fields, shown)
    asked = [*uniform(table, {"As requested": "yes"})] if not any(_untold(*row) for row in shown) else []
    all_asked = " All had what was requested." if asked else ""
    return replace(without(table, [*asked, *_dull(table)]), caption=caption + all_asked + _equal(shown, table))


def as_asked(comparison: Comparison) -> str:
    """Whether all had what was asked for, in sentences with a space before; empty where none was looked into."""
    shown = _looked_into(comparison)
    if not shown:
        return ""
    wrong = [phrase(entry.result) for entry, found in shown if found.problems]
    if wrong:
        return f" These did not have what was requested: {', '.join(wrong)}."
    silent = dict.fromkeys(server(e.result) for e, found in shown if _untold(e, found))
    seen = "Inside every process, cores were as requested, and so was everything that servers report."
    heard = "Everything that servers report of their workers, threads and batching was as requested."
    said = f" {seen if all(found.cpus for _, found in shown) else heard}"
    return said + (f" Requested, and not reported in full, by {', '.join(silent)}." if silent else "")


def _looked_into(comparison: Comparison) -> list[LookedInto]:
    return [(e, e.result.resources) for e in comparison.entries if e.result.resources is not None]


def _untold(entry: Entry, found: Resources) -> list[str]:
    """The settings that the server was asked for, that it has, and that it does not tell."""
    if entry.role == "floor":
        names: tuple[str, ...] = ("intra_op_threads",)
    else:
        names = tuple(name for name in TELLING if not (entry.role == "null" and name == "intra_op_threads"))
    untold = [name for name in names if name in found.asked and getattr(found, name) is None]
    return [name for name in untold if name != "workers"] if _is_one_process(found) else untold


def _is_one_process(found: Resources) -> bool:
    """It tells of its threads and of no workers."""
    return found.workers is None and found.threads_per_worker is not None


def _setting(name: str) -> Callable[[LookedInto], Cell]:
    def cell(row: LookedInto) -> Cell:
        found = row[1]
        if name in _untold(*row):
            return Cell(str(found.asked[name]), UNTOLD, tone="muted")
        value = getattr(found, name)
        if name == "workers" and _is_one_process(found):
            return Cell(NONE, "one process", tone="muted")
        if value == 0:
            return Cell("its choice")
        return DASH if value is None else Cell(str(value), sort=value)

    return cell


def _batching(row: LookedInto) -> Cell:
    found = row[1]
    if "batch_size" in _untold(*row):
        return Cell(_batches(found.asked["batch_size"], found.asked["batch_delay_ms"]), UNTOLD, tone="muted")
    if found.batch_size is None:
        return DASH
    return Cell(_batches(found.batch_size, found.batch_delay_ms))


def _batches(size: int, delay_ms: int | None) -> str:
    within = "" if delay_ms is None else f" within {delay_ms} ms"
    return "off" if size == 1 else f"{size} rows{within}"


def _limit(found: Resources) -> Cell:
    """Where no process could be looked into, nothing is known of a limit."""
    if found.processes is None:
        return DASH
    limit = found.memory_limit_bytes
    return Cell("none") if limit is None else Cell(significant(limit / GIB), sort=limit)


def _count(count: int | None) -> Cell:
    return DASH if count is None else Cell(f"{count:,}", sort=count)


def _threads(found: Resources) -> Cell:
    cell, later = _count(found.os_threads), found.os_threads_at_end
    return cell if later in (None, found.os_threads) else Cell(cell.text, f"{later:,} at the end", cell.sort)


def _verdict(row: LookedInto) -> Cell:
    found = row[1]
    if found.problems:
        return Cell("no", "; ".join(p.text for p in found.problems), tone="bad")
    if not found.asked:
        return Cell("default settings")
    return Cell("yes", "as far as it reports" if _untold(*row) else "", tone="good")


def _dull(table: Table) -> list[str]:
    """Columns that say of every server what the caption says of all; one that anything was only asked for stays."""
    cells = {column.title: [row[i] for row in table.rows] for i, column in enumerate(table.columns)}
    told = {title: {cell.text for cell in cells[title] if cell.tone != "muted"} for title in SET}
    return [title for title in SET if len(told[title]) < 2 and all(cell.small != UNTOLD for cell in cells[title])]


def _equal(shown: list[LookedInto], table: Table) -> str:
    """What was equal for all and what was not, variants apart: they differ on purpose."""
    compared = [row for (entry, _), row in zip(shown, table.rows, strict=True) if not entry.result.variant]
    had = {
        column.title.lower(): {row[index].text for row in compared if row[index].tone != "muted"}
        for index, column in enumerate(table.columns)
        if column.title in SET
    }
    alike = "; ".join(f"{name} {next(iter(values))}" for name, values in had.items() if len(values) == 1)
    apart = "; ".join(name for name, values in had.items() if len(values) > 1)
    return (f" Equal for all that report: {alike}." if alike else "") + (f" Not equal: {apart}." if apart else "")
