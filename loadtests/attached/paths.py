"""Models in the paths of URLs, as servers write them: `/v1/models/NAME:predict`, `/v2/models/NAME/infer`."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

MODELS: Final = re.compile(r"/(?:models|predictions)/([^/:?]+)")
_LAST = re.compile(r"/([^/:?]+)(?::\w+)?/?$")


def model_in(path: str) -> str:
    """The part behind `models` or `predictions`, or else the last one; empty where there is none."""
    found = MODELS.search(path) or _LAST.search(path.partition("?")[0])
    return found[1] if found else ""


def sendable(path: str) -> str:
    """A path and its query as a request's first line may hold them; what is escaped already stays."""
    return quote(path, safe="/:?#[]@!$&'()*+,;=%-._~")


def as_it_is(path: str) -> str:
    """Of servers whose URL is what requests are sent to."""
    return path


def always(method: str) -> Callable[[str], str]:
    """Of gRPC, whose method is the only path that it has."""
    return lambda path: method


def ending(path: str, end: str) -> str:
    """The path with this end, before its query; as it is where it has that already."""
    before, mark, query = path.partition("?")
    before = before.rstrip("/")
    return (before if before.removesuffix(end) != before else before + end) + mark + query
