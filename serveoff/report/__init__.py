"""Writers of a report, one module per form, found by name.

A form of text has `render(comparison) -> str`. One that is a folder, or needs the raw rows, has `write(comparison, run,
to)` instead, and is written on request only. Both have the `SUFFIX` of what they write.
"""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from serveoff.errors import UsageError
from serveoff.loadtests.recording.atomic_write import written_whole

if TYPE_CHECKING:  # the report page is told to end before pyarrow and SciPy are there
    from serveoff.analyse.comparison import Comparison

FORMATS = ("html", "markdown", "csv", "json")
ON_REQUEST = ("tensorboard",)


def write_all(
    comparison: "Comparison", folder: Path, formats: Iterable[str] = FORMATS, run: Path | None = None
) -> dict[str, Path]:
    """Write `report.<suffix>` per form into `folder`; form to path. UsageError for a form without a writer.

    `run` is the results folder, which forms that read the raw rows need.
    """
    formats = tuple(formats)
    check_forms(formats)
    folder.mkdir(parents=True, exist_ok=True)
    written = {form: path_of(folder, form) for form in formats}
    for form, path in written.items():
        writer = import_module(f"serveoff.report.formats.{form}")
        if form in FORMATS:
            with written_whole(path) as file:
                file.write_text(writer.render(comparison), encoding="utf-8")
        elif run is None:
            raise ValueError(f"{form} needs the folder of the run, for its raw rows")
        else:
            writer.write(comparison, run, path)
    return written


def check_forms(formats: Iterable[str]) -> None:
    """UsageError for a form without a writer."""
    known = (*FORMATS, *ON_REQUEST)
    if unknown := [form for form in formats if form not in known]:
        raise UsageError(f"no report form is called {unknown[0]!r}", f"take of {', '.join(known)}")


def path_of(folder: Path, form: str) -> Path:
    """Where a report of one form lies in its folder."""
    return folder / f"report{import_module(f'serveoff.report.formats.{form}').SUFFIX}"
