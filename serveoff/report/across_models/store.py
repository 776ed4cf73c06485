"""The folder of a summary: results/summary-<date-time>-<hash>/summary.{json,html,md}.

The JSON holds the figures; the other two can be made of it again.
"""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pydantic import ValidationError

from serveoff.analyse.across_models.summary import Summary
from serveoff.analyse.comparison import CrossModelLink
from serveoff.loadtests.recording.atomic_write import written_whole
from serveoff.record.reading import ResultsError, contents, matching, unreadable
from serveoff.record.suite import results_root
from serveoff.report.across_models.contents import AddressOf, document
from serveoff.report.formats import html, markdown

PREFIX: Final = "summary-"
SUMMARY_NAME: Final = "summary.json"


def new_id(runs: Sequence[str]) -> str:
    """A name by the time (UTC) and the runs: `summary-20260102-030405-1a2b`."""
    digest = hashlib.sha256("\n".join(runs).encode()).hexdigest()[:4]
    return f"{PREFIX}{datetime.now(UTC).strftime('%Y%m%d-%H%M%S')}-{digest}"


def render_json(summary: Summary) -> str:
    """The figures in base units."""
    return summary.model_dump_json(indent=1) + "\n"


def save(summary: Summary, address_of: AddressOf) -> dict[str, Path]:
    """Write all three forms, each whole or not at all; form to path."""
    folder = results_root() / summary.summary_id
    shown = document(summary, address_of)
    texts = {"json": render_json(summary), "md": markdown.page(shown), "html": html.page(shown)}
    paths = {suffix: folder / f"summary.{suffix}" for suffix in texts}
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, path in paths.items():
        with written_whole(path) as file:
            file.write_text(texts[suffix], encoding="utf-8")
    return paths


def load(folder: Path) -> Summary:
    """Read a summary's figures; ResultsError where there are none or they are of another version."""
    path = folder / SUMMARY_NAME
    try:
        return Summary.model_validate_json(contents(path))
    except FileNotFoundError:
        raise ResultsError(f"no summary at {folder}: `serveoff summary RUN RUN` makes one") from None
    except ValidationError as error:
        raise unreadable(path, error) from None


def mentions(results: Path, run_id: str, report: Path) -> tuple[CrossModelLink, ...]:
    """The summaries in the folder `results` that hold the run, newest first, as seen from the folder of its report.

    One that cannot be read is left out.
    """
    folders = sorted(matching(results, f"{PREFIX}*"), reverse=True)
    return tuple(_beside(found, folder, report) for folder in folders if (found := _holding(folder, run_id)))


def _holding(folder: Path, run_id: str) -> Summary | None:
    try:
        found = load(folder)
    except (ResultsError, OSError):
        return None
    return found if any(model.run_id == run_id for model in found.models) else None


def _beside(summary: Summary, folder: Path, report: Path) -> CrossModelLink:
    way = quote(Path(os.path.relpath(folder.resolve(), report.resolve())).as_posix())
    models = tuple(model.model for model in summary.models)
    return CrossModelLink(summary.summary_id, models, f"{way}/summary.html", f"{way}/summary.md")
