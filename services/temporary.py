"""Where files go that nobody keeps, and whose path may have to be short."""

import tempfile
from pathlib import Path

SHORT = Path("/tmp")


def temporary_folders() -> list[Path]:
    """The one that TMPDIR names, however long its path is, and SHORT."""
    return list(dict.fromkeys((Path(tempfile.gettempdir()), SHORT)))
