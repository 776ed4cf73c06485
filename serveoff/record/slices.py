"""The slices of a run, `slices.jsonl`: one window a line, appended as it is measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from serveoff.loadtests.recording.windows import Window

SLICES_NAME: Final = "slices.jsonl"


def append_slices(folder: Path, windows: Iterable[Window]) -> None:
    """Add to the file; a kill amid it leaves at most one line that is not whole."""
    lines = "".join(window.model_dump_json(exclude_defaults=True) + "\n" for window in windows)
    with (folder / SLICES_NAME).open("a", encoding="utf-8") as file:
        file.write(lines)


def read_slices(folder: Path) -> dict[str, list[Window]]:
    """The windows of each endpoint in the order measured; of a run without the file, none.

    The last line may have been cut off by a kill. ValidationError for any other that is none.
    """
    path = folder / SLICES_NAME
    lines = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
    found: dict[str, list[Window]] = defaultdict(list)
    for line in lines:
        try:
            window = Window.model_validate_json(line)
        except ValidationError:
            if line is lines[-1] and not line.endswith(b"\n"):
                break
            raise
        found[window.endpoint].append(window)
    return found
