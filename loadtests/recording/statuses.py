"""What became of a request, as one number in the raw rows; and that number in words."""

import errno
import ssl
from typing import Final
from urllib.parse import urlsplit

OK: Final = 200
CUT_SHORT, REFUSED, RESET, TIMED_OUT, TOO_MANY_FILES, UNTRUSTED, NO_TLS = 0, -1, -2, -3, -4, -5, -6
"""Why there is no answer over REST: closed before an answer was whole, or what came is none; then as they say.
TOO_MANY_FILES is the load generator's own fault: this process may have no more files open (`ulimit -n`). UNTRUSTED: the
server's certificate has expired, is of another host or of nobody that we trust. NO_TLS: anything else of TLS."""
GRPC_STATUS: Final = 1000
"""A gRPC call that failed is recorded as this plus its code."""
GRPC_CODES: Final = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
"""Their names by their numbers: https://grpc.io/docs/guides/status-codes/."""
NO_ANSWER: Final = frozenset(
    {CUT_SHORT, REFUSED, RESET, TIMED_OUT, TOO_MANY_FILES, UNTRUSTED, NO_TLS}
    | {*(GRPC_STATUS + GRPC_CODES.index(name) for name in ("DEADLINE_EXCEEDED", "UNAVAILABLE"))}
)
"""What a server that has gone or hangs looks like."""
_WORDS: Final = {
    CUT_SHORT: "no answer",
    REFUSED: "connection refused",
    RESET: "connection reset",
    TIMED_OUT: "timed out",
    TOO_MANY_FILES: "too many open files in the load generator",
    UNTRUSTED: "certificate not trusted",
    NO_TLS: "no TLS connection",
}
_KINDS: Final[dict[type[Exception], int]] = {
    ConnectionRefusedError: REFUSED,
    ConnectionResetError: RESET,
    BrokenPipeError: RESET,
    TimeoutError: TIMED_OUT,
    ssl.SSLCertVerificationError: UNTRUSTED,
    ssl.SSLError: NO_TLS,
}


def without_answer(error: Exception) -> int:
    """The status of a request that ended in this error."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return TOO_MANY_FILES
    return next((status for kind, status in _KINDS.items() if isinstance(error, kind)), CUT_SHORT)


def in_words(status: int) -> str:
    """`RESOURCE_EXHAUSTED`, `HTTP 503`, `connection refused`."""
    if status in _WORDS:
        return _WORDS[status]
    code = status - GRPC_STATUS
    if code >= 0:
        return GRPC_CODES[code] if code < len(GRPC_CODES) else f"gRPC code {code}"
    return f"HTTP {status}"


def hint(status: int, location: str = "", retry_after: str = "") -> str:
    """What the head of an HTTP error says beside its status: where a redirect points, or when to ask again.

    Without the query of the address, and the password in it: these are nobody's business.
    """
    if 300 <= status < 400 and location:
        place = urlsplit(location)
        return f"points to {place._replace(netloc=place.netloc.rpartition('@')[2], query='', fragment='').geturl()}"
    return f"asks to wait: Retry-After {retry_after}" if status >= 400 and retry_after else ""
