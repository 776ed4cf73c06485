"""What became of a request, as one number in the raw rows; and that number in words."""

from typing import Final

OK: Final = 200
GRPC_STATUS: Final = 1000
"""A gRPC call that failed is recorded as this plus its code."""
GRPC_CODES: Final = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
"""Their names by their numbers: https://grpc.io/docs/guides/status-codes/."""
NO_ANSWER: Final = frozenset(
    {0, *(GRPC_STATUS + GRPC_CODES.index(name) for name in ("DEADLINE_EXCEEDED", "UNAVAILABLE"))}
)
"""What a server that has gone or hangs looks like."""


def in_words(status: int) -> str:
    """`RESOURCE_EXHAUSTED`, `HTTP 503`, `no answer`."""
    if status == 0:
        return "no answer"
    code = status - GRPC_STATUS
    if code >= 0:
        return GRPC_CODES[code] if code < len(GRPC_CODES) else f"gRPC code {code}"
    return f"HTTP {status}"
