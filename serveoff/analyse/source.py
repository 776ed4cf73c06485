"""What an analysis was made from, so that one can tell whether it still is that of its run."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from serveoff.record.raw_rows import FOLDER
from serveoff.record.reading import contents, matching
from serveoff.record.slices import SLICES_NAME
from serveoff.record.suite import SUITE_NAME


@dataclass(frozen=True)
class Source:
    """run.json by its SHA-256, the slices and the files of raw rows by their sizes in bytes: they only grow."""

    suite_sha256: str
    files: Mapping[str, int]

    def is_still(self, folder: Path) -> bool:
        """The run is the same, and has no file that came or changed; those that are gone do not count."""
        now = source_of(folder)
        return self.suite_sha256 == now.suite_sha256 and now.files.items() <= self.files.items()


def source_of(folder: Path) -> Source:
    """What is there now; no hash where there is no run. Damaged where it cannot be read."""
    found = [*sorted(matching(folder / FOLDER, "*.parquet")), *matching(folder, SLICES_NAME)]
    files = {str(path.relative_to(folder)): path.lstat().st_size for path in found}
    try:
        return Source(hashlib.sha256(contents(folder / SUITE_NAME)).hexdigest(), files)
    except FileNotFoundError:
        return Source("", files)
