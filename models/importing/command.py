"""`python -m serveoff.models import`: its flags, and the table of what became of a model."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from serveoff.models import zoo
from serveoff.models.importing import kinds
from serveoff.models.importing.bring import Brought, Wish, bring
from serveoff.models.importing.conversion import Made
from serveoff.models.importing.errors import ImportFailed
from serveoff.models.importing.jobs import DEFAULT_TIMEOUT_S
from serveoff.models.importing.samples import FEWEST_ROWS, MOST_ROWS
from serveoff.models.importing.source import Source, parsed, written
from serveoff.models.manifest import Missing

NAME = r"[a-z][a-z0-9_]*"


def add(parser: argparse.ArgumentParser) -> None:
    """Give a parser the flags of the import."""
    parser.add_argument("model", help="a file, a SavedModel's folder, or package.module:factory")
    parser.add_argument("--name", required=True, help="what to call the model: small letters, digits and _")
    parser.add_argument("--kind", default="", help=f"where it cannot be told: {', '.join(kinds.names())}")
    parser.add_argument("--weights", default="", help="of a PyTorch module: a .safetensors file or a state_dict")
    parser.add_argument(
        "--input", action="append", default=[], metavar="NAME:DTYPE[SHAPE]", help="what the file does not say"
    )
    parser.add_argument("--inputs", default="", help="of a frozen graph: the tensors to feed, with commas between")
    parser.add_argument(
        "--outputs", default="", help="of a frozen graph: the tensors to fetch; of PyTorch: the outputs' names"
    )
    parser.add_argument("--signature", default="serving_default", help="of a SavedModel")
    parser.add_argument(
        "--samples", default="", help="an .npz file of inputs, an array per input; seeded ones, if none"
    )
    parser.add_argument("--input-range", action="append", default=[], metavar="NAME=LOW:HIGH", help="of seeded inputs")
    parser.add_argument(
        "--rows", type=int, default=0, help=f"golden rows, {FEWEST_ROWS} to {MOST_ROWS}; by the row's size"
    )
    parser.add_argument("--timeout", type=float, default=DEFAULT_TIMEOUT_S, help="seconds for each process")
    parser.add_argument("--force", action="store_true", help="replace the model of that name")


def run(options: argparse.Namespace) -> int:
    """Import a model and print its table; ImportFailed where it cannot be imported."""
    brought = bring(_wish(options))
    console = Console()
    console.print(_heading(options.name, brought), highlight=False, markup=False, soft_wrap=True)
    console.print(_table(brought))
    console.print(f"next: serveoff run --model {options.name} --profile quick", highlight=False, soft_wrap=True)
    return 0


def _wish(options: argparse.Namespace) -> Wish:
    _check_name(options.name)
    if options.rows and not FEWEST_ROWS <= options.rows <= MOST_ROWS:
        raise ImportFailed(f"--rows {options.rows} is not between {FEWEST_ROWS} and {MOST_ROWS}")
    if options.timeout <= 0:
        raise ImportFailed(f"--timeout {options.timeout:g} is no time")
    kind = options.kind or kinds.detected(options.model)
    source = Source(
        kind=kind,
        path=options.model if kind == "torch" else _absolute(options.model),
        weights=_absolute(options.weights),
        feed=_listed(options.inputs),
        fetch=_listed(options.outputs),
        signature=options.signature,
    )
    try:
        declared = tuple(map(parsed, options.input))
        ranges = dict(map(_range, options.input_range))
    except ValueError as error:
        raise ImportFailed(str(error)) from None
    return Wish(
        source=source,
        name=options.name,
        declared=declared,
        samples=_absolute(options.samples),
        ranges=ranges,
        rows=options.rows,
        timeout_s=options.timeout,
        search=os.getcwd() if kind == "torch" else "",
        force=options.force,
    )


def _check_name(name: str) -> None:
    if re.fullmatch(NAME, name) is None:
        raise ImportFailed(f"--name {name!r} is not made of small letters, digits and _, a letter first")
    if name in zoo.names():
        raise ImportFailed(f"{name} is a model of the zoo", "another --name")


def _absolute(path: str) -> str:
    return str(Path(path).resolve()) if path else ""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _range(text: str) -> tuple[str, tuple[float, float]]:
    match = re.fullmatch(r"(\w+)=(-?[\d.]+):(-?[\d.]+)", text)
    if match is None or float(match[2]) > float(match[3]):
        raise ValueError(f"--input-range {text!r} is not NAME=LOW:HIGH, as tokens=0:29999")
    return match[1], (float(match[2]), float(match[3]))


def _heading(name: str, brought: Brought) -> str:
    ports = " ".join(map(written, brought.spec.inputs)), " ".join(map(written, brought.spec.outputs))
    return f"{name}: imported to {brought.folder}\n  {ports[0]} -> {ports[1]}; {brought.golden_rows} golden rows"


def _table(brought: Brought) -> Table:
    table = Table(
        Column("format", no_wrap=True), "how", Column("largest error", justify="right"),
        Column("of what is allowed", justify="right"), box=None, header_style="bold",
    )  # fmt: skip
    for format, made in brought.formats.items():
        table.add_row(format, *_cells(made))
    return table


def _cells(made: Made | Missing) -> tuple[str, str, str]:
    if isinstance(made, Missing):
        operator = f"operator {made.operator}: " if made.operator else ""
        return f"not converted: {operator}{made.reason}", "–", "–"
    way = " > ".join(made.way) if len(made.way) > 1 else "as it is"
    return way, f"{made.agreement.max_abs_error:.1e}", f"{made.agreement.worst_share:.1%}"
