"""Damage that files suffer: cut short, bytes changed, parts lost, doubled or put in."""

import io
import zipfile

from hypothesis import strategies as st


def damaged(content: bytes, least: int = 0):
    """A strategy of damaged copies, none of them the content itself; damage begins at byte `least`."""
    at = st.integers(least, len(content) - 1)
    kinds = st.one_of(
        at.map(lambda end: content[:end]),
        st.lists(st.tuples(at, st.integers(1, 255)), min_size=1, max_size=8).map(
            lambda flips: _flipped(content, flips)
        ),
        st.tuples(at, at).map(lambda span: content[: min(span)] + content[max(span) + 1 :]),
        st.tuples(at, at).map(lambda span: content[: max(span) + 1] + content[min(span) :]),
        st.tuples(at, st.binary(min_size=1, max_size=64)).map(
            lambda put: content[: put[0]] + put[1] + content[put[0] :]
        ),
        st.binary(max_size=200),
    )
    return kinds.filter(lambda copy: copy != content)


def flipped(content: bytes, least: int = 0):
    """A strategy of copies with some bytes changed."""
    flips = st.tuples(st.integers(least, len(content) - 1), st.integers(1, 255))
    return st.lists(flips, min_size=1, max_size=8).map(lambda some: _flipped(content, some))


def _flipped(content: bytes, flips) -> bytes:
    copy = bytearray(content)
    for at, by in flips:
        copy[at] ^= by
    return bytes(copy)


def damaged_inside(content: bytes):
    """A strategy of sound zip files of which one member is damaged: no checksum gives it away."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    names = st.sampled_from([name for name, inner in members.items() if inner])
    return names.flatmap(lambda name: damaged(members[name]).map(lambda inner: _zipped({**members, name: inner})))


def _zipped(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()
