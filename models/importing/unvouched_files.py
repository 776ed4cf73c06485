"""Files that nobody vouches for: zip archives and protobuf messages, checked before a framework sees them."""

import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from google.protobuf import message

from serveoff.models.importing.errors import damaged, no_model
from serveoff.models.protobuf_messages import parsed

MOST_UNPACKED_BYTES = 64 << 30
"""Unpacked, all members together."""
MOST_RATIO = 1100
"""Deflate packs 1032 to 1 at best; more than that is made up."""
MOST_MESSAGE_BYTES = 2 << 30
"""Protobuf's own limit of a message."""
POINTER = b"version https://git-lfs.github.com/spec/"
"""How the text begins that Git keeps in place of a large file, until Git LFS brings the file."""
PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|\?xml)\b", re.IGNORECASE)
"""How what a browser shows begins, and a store's refusal: what was saved in place of a download."""
HEAD_BYTES = 512
PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError)
"""What zipfile raises for a broken file: RuntimeError for an encrypted member, ValueError for impossible offsets."""


def regular(path: str, *, is_folder: bool = False) -> None:
    """ImportFailed where this is not there, may not be read, has no end as a device, or only stands in for a file.

    It may be a folder if `is_folder`. What is in that is looked at, too, but something empty or a web page may belong.
    """
    named = Path(path)
    if not os.path.exists(path):
        raise no_model(f"there is no file or folder {path}", "check the path; it is relative to the current folder")
    if os.path.isdir(path) and not is_folder:
        raise no_model(f"{path} is a folder, not a file", "name the file in it")
    for found in (named, *(named.rglob("*") if os.path.isdir(path) else ())):
        if os.path.exists(found) and not os.path.isfile(found) and not os.path.isdir(found):
            raise no_model(f"{found} is not a regular file: it is not read", "name a file that holds the model")
        if os.path.exists(found) and not os.access(found, os.R_OK):
            raise no_model(f"{found} cannot be read: permission denied", f"have its owner let you: chmod +r {found}")
        if os.path.isfile(found):
            _require_itself(found, in_folder=found is not named)


def _require_itself(file: Path, *, in_folder: bool) -> None:
    """ImportFailed where a file has in it what only stands in for a model, or for its weights or samples."""
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    if head.startswith(POINTER):
        raise no_model(f"{file} is a pointer of Git LFS, not the file", "run `git lfs pull` in its repository")
    if in_folder:
        return
    if not head:
        raise damaged(f"{file} is empty", "write or download it again")
    if PAGE.match(head):
        advice = "download it again, from the address of the file itself: on a hub /resolve/ or /raw/, not /blob/"
        raise no_model(f"{file} is a web page, not the file", advice)


def is_pickle(path: str) -> bool:
    """Whether a file begins as pickles do, of protocol 2 and later."""
    with Path(path).open("rb") as file:
        return file.read(2) in PICKLES


@contextmanager
def archive(path: str, next: str) -> Iterator[zipfile.ZipFile]:
    """A zip file every member of which has the length and the checksum that it names; ImportFailed for any other."""
    try:
        found = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise damaged(f"{path} is not a zip file, or is truncated ({error})", next) from None
    with found:
        _check_sizes(found, path, next)
        try:
            broken = found.testzip()
        except _BROKEN as error:
            raise damaged(f"{path} is damaged ({error})", next) from None
        if broken is not None:
            raise damaged(f"{path} is damaged: the checksum of {broken} is wrong", next)
        yield found


def _check_sizes(archive: zipfile.ZipFile, path: str, next: str) -> None:
    members = archive.infolist()
    if sum(member.file_size for member in members) > MOST_UNPACKED_BYTES:
        raise damaged(f"{path} would unpack to more than {MOST_UNPACKED_BYTES >> 30} GiB", next)
    for member in members:
        if member.file_size > MOST_RATIO * max(member.compress_size, 1):
            raise damaged(f"{path} is damaged: {member.filename} cannot have been packed so small", next)


def protobuf(file: Path, kind: type[message.Message], save: str) -> Any:
    """The message in a file, whose kind knows the fields that are looked into; ImportFailed where it is none."""
    if file.stat().st_size > MOST_MESSAGE_BYTES:
        text = f"{file} is larger than a protobuf message can be, {MOST_MESSAGE_BYTES >> 30} GiB"
        raise damaged(text, save)
    try:
        return parsed(kind, file.read_bytes())
    except ValueError:
        text = f"{file} is no {kind.DESCRIPTOR.name}, or is truncated"
        raise damaged(text, save) from None
