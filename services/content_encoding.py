"""Request bodies that come packed: gzip is unpacked, anything else is refused by name (RFC 9110, section 8.4)."""

import zlib
from http import HTTPStatus

from serveoff.services.predict_v1 import quoted

_WINDOW = zlib.MAX_WBITS | 16
"""zlib's word for gzip and nothing else."""


class EncodingError(ValueError):
    """A body cannot be unpacked; `status` is the one to answer with."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def refuse_packed(encoding: str) -> None:
    """For a server that takes bodies as they are: EncodingError (415) for a Content-Encoding that says otherwise."""
    if _name(encoding) != "identity":
        raise _unsupported(encoding, "send the body as it is, without it")


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before its Content-Encoding: identity or gzip.

    EncodingError: 415 for any other, 400 for what is no gzip, 413 for more than `limit` bytes, of which no more is
    unpacked.
    """
    name = _name(encoding)
    if name == "identity":
        return body
    if name not in ("gzip", "x-gzip"):
        raise _unsupported(encoding, "use gzip, or send the body as it is")
    try:
        return _gunzip(body, limit)
    except zlib.error:
        raise EncodingError(HTTPStatus.BAD_REQUEST, "the body is not valid gzip data") from None


def _name(encoding: str) -> str:
    return encoding.strip().lower() or "identity"


def _unsupported(encoding: str, instead: str) -> EncodingError:
    return EncodingError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Encoding is {quoted(encoding)}: {instead}")


def _gunzip(packed: bytes, limit: int) -> bytes:
    """What a gzip file of one member holds, as all clients send it; zlib.error for anything else."""
    unpacker = zlib.decompressobj(_WINDOW)
    data = unpacker.decompress(packed, limit + 1)
    if len(data) > limit:
        raise EncodingError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the unpacked body is longer than the limit of {limit} bytes"
        )
    if not unpacker.eof or unpacker.unused_data:
        raise zlib.error("cut short, or followed by something else")
    return data
