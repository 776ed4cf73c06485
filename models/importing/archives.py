"""Zip files that nobody vouches for: read whole and checked before a framework sees them."""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from serveoff.models.importing.errors import damaged

MOST_BYTES = 64 << 30
"""Unpacked, all members together."""
MOST_RATIO = 1100
"""Deflate packs 1032 to 1 at best; more than that is made up."""
SMALL_BYTES = 256 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError)
"""What zipfile raises for a broken file: RuntimeError for an encrypted member, ValueError for impossible offsets."""


@contextmanager
def opened(path: str, next: str) -> Iterator[zipfile.ZipFile]:
    """A zip file every member of which has the length and the checksum that it names; ImportFailed for any other."""
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise damaged(f"{path} is not a zip file, or is truncated ({error})", next) from None
    with archive:
        _check_sizes(archive, path, next)
        try:
            broken = archive.testzip()
        except _BROKEN as error:
            raise damaged(f"{path} is damaged ({error})", next) from None
        if broken is not None:
            raise damaged(f"{path} is damaged: the checksum of {broken} is wrong", next)
        yield archive


def _check_sizes(archive: zipfile.ZipFile, path: str, next: str) -> None:
    members = archive.infolist()
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise damaged(f"{path} would unpack to more than {MOST_BYTES >> 30} GiB", next)
    for member in members:
        if member.file_size > MOST_RATIO * max(member.compress_size, 1):
            raise damaged(f"{path} is damaged: {member.filename} cannot have been packed so small", next)


def require(archive: zipfile.ZipFile, path: str, members: Sequence[str], next: str) -> None:
    """ImportFailed where one of these members is not there."""
    absent = sorted(set(members) - set(archive.namelist()))
    if absent:
        raise damaged(f"{path} has no {', '.join(absent)} in it", next)


def read_small(archive: zipfile.ZipFile, path: str, member: str) -> bytes:
    """A member that is text; ImportFailed where it is larger than any text of a model."""
    if archive.getinfo(member).file_size > SMALL_BYTES:
        raise damaged(f"{path}: {member} is larger than {SMALL_BYTES >> 20} MiB")
    return archive.read(member)
