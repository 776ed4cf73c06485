"""What became of a request, as one number in the raw rows; and that number in words."""

import errno
from typing import Final

OK: Final = 200
CUT_SHORT, REFUSED, RESET, TIMED_OUT, TOO_MANY_FILES = 0, -1, -2, -3, -4
"""Why there is no answer over REST: closed before an answer was whole, or what came is none; then as they say. The last
is the load generator's own fault: this process may have no more files open (`ulimit -n`)."""
GRPC_STATUS: Final = 1000
"""A gRPC call that failed is recorded as this plus its code."""
GRPC_CODES: Final = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
"""Their names by their numbers: https://grpc.io/docs/guides/status-codes/."""
NO_ANSWER: Final = frozenset(
    {CUT_SHORT, REFUSED, RESET, TIMED_OUT, TOO_MANY_FILES}
    | {*(GRPC_STATUS + GRPC_CODES.index(name) for name in ("DEADLINE_EXCEEDED", "UNAVAILABLE"))}
)
"""What a server that has gone or hangs looks like."""
_WORDS: Final = {
    CUT_SHORT: "no answer",
    REFUSED: "connection refused",
    RESET: "connection reset",
    TIMED_OUT: "timed out",
    TOO_MANY_FILES: "too many open files in the load generator",
}
_KINDS: Final[dict[type[Exception], int]] = {
    ConnectionRefusedError: REFUSED,
    ConnectionResetError: RESET,
    BrokenPipeError: RESET,
    TimeoutError: TIMED_OUT,
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
