"""Writers of a report, one module per form, found by name: `render(comparison) -> str` and the file's `SUFFIX`."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from comparison.outcome import Comparison

FORMATS = ("html", "markdown", "csv", "json")


def write_all(comparison: Comparison, folder: Path, formats: Iterable[str] = FORMATS) -> dict[str, Path]:
    """Write `report.<suffix>` per form into `folder`; form to path. ValueError for a form without a writer."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for form in formats:
        if form not in FORMATS:
            raise ValueError(f"no report form is called {form!r}: there are {', '.join(FORMATS)}")
        writer = import_module(f"comparison.render.{form}")
        written[form] = folder / f"report{writer.SUFFIX}"
        written[form].write_text(writer.render(comparison), encoding="utf-8")
    return written
