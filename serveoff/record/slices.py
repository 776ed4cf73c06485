"""The slices of a run, `slices.jsonl`: one window a line, appended as it is measured."""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from serveoff.loadtests.recording.windows import Window
from serveoff.record.reading import contents

SLICES_NAME: Final = "slices.jsonl"


def cut_off_half_a_line(folder: Path) -> None:
    """What a kill, or a full disk, left of a line: the next one must not be written behind it."""
    path = folder / SLICES_NAME
    if path.is_file():
        os.truncate(path, path.read_bytes().rfind(b"\n") + 1)


def append_slices(folder: Path, windows: Iterable[Window]) -> None:
    """Add to the file; a kill amid it leaves at most one line that has no end."""
    lines = "".join(window.model_dump_json(exclude_defaults=True) + "\n" for window in windows)
    with (folder / SLICES_NAME).open("a", encoding="utf-8") as file:
        file.write(lines)


def read_slices(folder: Path) -> dict[str, list[Window]]:
    """The windows of each endpoint in the order measured; of a run without the file, none.

    A line without an end was cut off by a kill. ValidationError for any other that is none, Damaged where the file
    cannot be read.
    """
    path = folder / SLICES_NAME
    *whole, _ = contents(path).split(b"\n") if path.exists() else [b""]
    found: dict[str, list[Window]] = defaultdict(list)
    for window in map(Window.model_validate_json, whole):
        found[window.endpoint].append(window)
    return found
