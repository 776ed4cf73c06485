"""One error for both protocols: a canonical status code and a text, as TensorFlow's own Status."""

from __future__ import annotations

from enum import IntEnum
from functools import partial


class Code(IntEnum):
    """The canonical codes, the same numbers in TensorFlow, gRPC and StatusProto, each with its status in HTTP.

    The second is TensorFlow Serving's translation (model_servers/http_server.cc, ToHTTPStatusCode).
    """

    http_status: int

    def __new__(cls, number: int, http_status: int = 500) -> Code:
        """A member by its two numbers."""
        code = int.__new__(cls, number)
        code._value_, code.http_status = number, http_status
        return code

    OK = 0, 200
    CANCELLED = 1, 499
    UNKNOWN = 2, 500
    INVALID_ARGUMENT = 3, 400
    DEADLINE_EXCEEDED = 4, 504
    NOT_FOUND = 5, 404
    ALREADY_EXISTS = 6, 409
    PERMISSION_DENIED = 7, 403
    RESOURCE_EXHAUSTED = 8, 429
    FAILED_PRECONDITION = 9, 400
    ABORTED = 10, 409
    OUT_OF_RANGE = 11, 400
    UNIMPLEMENTED = 12, 501
    INTERNAL = 13, 500
    UNAVAILABLE = 14, 503
    DATA_LOSS = 15, 500
    UNAUTHENTICATED = 16, 401


class ServingError(Exception):
    """A request or a load failed; `str()` is the text that the client reads, `status` that of a log line."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def status(self) -> str:
        """As Status::ToString: `NOT_FOUND: Servable not found ...`."""
        return f"{self.code.name}: {self}"


invalid_argument = partial(ServingError, Code.INVALID_ARGUMENT)
"""The most frequent error: the request is at fault."""
not_found = partial(ServingError, Code.NOT_FOUND)
"""No such model, version or label."""
failed_precondition = partial(ServingError, Code.FAILED_PRECONDITION)
"""The request is right, the state of the server is not."""
