"""Writers of a report, one module per form, found by name.

A form of text has `render(comparison) -> str`. One that is a folder, or needs the raw rows, has `write(comparison, run,
to)` instead, and is written on request only. Both have the `SUFFIX` of what they write.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from serveoff.analyse.comparison import Comparison

FORMATS = ("html", "markdown", "csv", "json")
ON_REQUEST = ("tensorboard",)


def write_all(
    comparison: Comparison, folder: Path, formats: Iterable[str] = FORMATS, run: Path | None = None
) -> dict[str, Path]:
    """Write `report.<suffix>` per form into `folder`; form to path.

    `run` is the results folder, for forms that read the raw rows. ValueError for a form without a writer, or without
    the rows that it needs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for form in formats:
        if form not in (*FORMATS, *ON_REQUEST):
            raise ValueError(f"no report form is called {form!r}: there are {', '.join((*FORMATS, *ON_REQUEST))}")
        writer = import_module(f"serveoff.report.formats.{form}")
        written[form] = path_of(folder, form)
        if form in FORMATS:
            written[form].write_text(writer.render(comparison), encoding="utf-8")
            continue
        if run is None:
            raise ValueError(f"{form} needs the folder of the run, for its raw rows")
        writer.write(comparison, run, written[form])
    return written


def path_of(folder: Path, form: str) -> Path:
    """Where a report of one form lies in its folder."""
    return folder / f"report{import_module(f'serveoff.report.formats.{form}').SUFFIX}"
