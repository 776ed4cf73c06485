"""Which versions of a model ought to be served: the folders on disk under a version policy.

After TensorFlow Serving's sources/storage_path/file_system_storage_path_source.cc.
"""

import errno
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

LARGEST_VERSION = 2**63 - 1
MOST_DIGITS = 100
"""Of a folder's name, the zeros before its number too: Python reads longer ones slowly, or not at all."""


@dataclass(frozen=True)
class VersionPolicy:
    """`latest`: that many of the highest versions; `specific`: those; both None: all."""

    latest: int | None = 1
    specific: frozenset[int] | None = None


@dataclass(frozen=True)
class ModelConfig:
    """One model to serve: base_path holds a folder per version."""

    name: str
    base_path: Path
    policy: VersionPolicy = VersionPolicy()
    labels: tuple[tuple[str, int], ...] = ()


def version_folders(base_path: Path) -> dict[int, Path]:
    """The folders whose name is a number of 64 bits, by that number; FileNotFoundError where there is no base path."""
    try:
        children = sorted(base_path.iterdir())
    except ValueError as error:  # of a path that no file can have
        raise FileNotFoundError(errno.ENOENT, str(error), str(base_path)) from None
    named = [child for child in children if child.name.isascii() and child.name.isdigit() and child.is_dir()]
    short = [child for child in named if len(child.name) < MOST_DIGITS]
    return {int(child.name): child for child in short if int(child.name) <= LARGEST_VERSION}


def aspired_versions(config: ModelConfig) -> dict[int, Path]:
    """The versions to serve, by number. An empty result is logged, as TensorFlow Serving logs it.

    FileNotFoundError where the base path is missing: then nothing is loaded and nothing unloaded.
    """
    aspired = _choose(config, version_folders(config.base_path))
    if not aspired:
        log.warning(
            "No versions of servable %s found under base path %s. Did you forget to name your leaf directory as a "
            "number (eg. '/1/')?",
            config.name,
            config.base_path,
        )
    return aspired


def _choose(config: ModelConfig, folders: Mapping[int, Path]) -> dict[int, Path]:
    policy = config.policy
    if policy.specific is not None:
        for missing in policy.specific - folders.keys():
            log.warning(
                "Version %d of servable %s, which was requested to be served as a 'specific' version in the "
                "servable's version policy, was not found in the file system",
                missing,
                config.name,
            )
        return {version: folders[version] for version in sorted(policy.specific & folders.keys())}
    newest = sorted(folders, reverse=True)[: policy.latest]
    return {version: folders[version] for version in newest}
