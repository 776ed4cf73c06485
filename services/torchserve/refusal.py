"""A request that is answered with an error. A module of its own: TorchServe wants one class in the handler's."""

import json
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Refusal:
    """The HTTP status and what is wrong."""

    status: int
    message: str

    @property
    def body(self) -> bytes:
        """The answer, as all servers of ours give it."""
        return json.dumps({"error": self.message}).encode()

    @property
    def phrase(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase
