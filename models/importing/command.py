"""`python -m serveoff.models import`: the table of what became of a model."""

from rich.markup import escape
from rich.table import Column, Table

from serveoff.models.importing.bring import ImportResult, import_model
from serveoff.models.importing.conversion import Converted
from serveoff.models.importing.next_steps import log_of
from serveoff.models.importing.source import ImportRequest, written
from serveoff.models.jobs.terminal import Terminal
from serveoff.models.manifest import Missing


def run(request: ImportRequest) -> int:
    """Import a model and print its table; ImportFailed where it cannot be imported."""
    result = import_model(request)
    console = Terminal()
    console.print(_heading(request.name, result), highlight=False, markup=False, soft_wrap=True)
    console.print(_table(result))
    for note in result.notes:
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
    if (log := log_of(request.name)).is_file():
        console.print(f"log: {log}: what frameworks said of conversions", highlight=False, soft_wrap=True)
    console.print(f"next: serveoff run --model {request.name} --profile quick", highlight=False, soft_wrap=True)
    return 0


def _heading(name: str, result: ImportResult) -> str:
    ports = " ".join(map(written, result.spec.inputs)), " ".join(map(written, result.spec.outputs))
    return f"{name}: imported to {result.folder}\n  {ports[0]} -> {ports[1]}; {result.golden_rows} golden rows"


def _table(result: ImportResult) -> Table:
    table = Table(
        Column("format", no_wrap=True), "how", Column("largest error", justify="right"),
        Column("of what is allowed", justify="right"), box=None, header_style="bold",
    )  # fmt: skip
    for format, found in result.formats.items():
        table.add_row(format, *_cells(found))
    return table


def _cells(found: Converted | Missing) -> tuple[str, str, str]:
    if isinstance(found, Missing):
        operator = f"operator {found.operator}: " if found.operator else ""
        return escape(f"not converted: {operator}{found.reason}"), "–", "–"
    way = " > ".join(found.way) if len(found.way) > 1 else "as it is"
    return way, f"{found.agreement.max_abs_error:.1e}", f"{found.agreement.worst_share:.1%}"
