"""What only a worker finds out of its settings or artifact, such as a missing GPU, told to the launcher in a file.

TorchServe gives a worker no other way to say why it cannot start: its frontend sees a process that ended.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from serveoff.models.manifest import ArtifactError
from serveoff.services.settings import SettingsError

VARIABLE = "SERVEOFF_START_FAULT"
"""Names the file to the workers."""


@contextmanager
def start_fault_told() -> Iterator[None]:
    """Write a SettingsError or an ArtifactError down, and let it end the worker."""
    try:
        yield
    except (SettingsError, ArtifactError) as error:
        if file := os.environ.get(VARIABLE):
            Path(file).write_text(str(error))
        raise


def start_fault(file: Path) -> str:
    """What a worker wrote down; empty where none did."""
    with suppress(FileNotFoundError):
        return file.read_text()
    return ""
