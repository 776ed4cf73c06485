"""Models in the paths of URLs, as servers write them: `/v1/models/NAME:predict`, `/v2/models/NAME/infer`."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

MODELS: Final = re.compile(r"/(?:models|predictions)/([^/:?]+)(?:/(versions|labels)/([^/:?]+))?")
_LAST = re.compile(r"/([^/:?]+)(?:/(versions|labels)/([^/:?]+))?(?::\w+)?/?$")
_TORCHSERVE = re.compile(r"(/predictions/[^/:?]+/)(?=[^/:?]+/?$)")
"""Before a version that stands behind the name alone."""


def model_in(path: str) -> str:
    """The part behind `models` or `predictions`, or else the last one; empty where there is none."""
    return versioned_model_in(path).partition("/")[0]


def versioned_model_in(path: str) -> str:
    """The same, with `/versions/3` or `/labels/stable` behind it where the path says which version is asked.

    Of gRPC, whose requests have no path that says it.
    """
    path = _TORCHSERVE.sub(r"\1versions/", path)
    found = MODELS.search(path) or _LAST.search(path.partition("?")[0])
    return "/".join(filter(None, found.groups())) if found else ""


def parts(model: str) -> tuple[str, str, str]:
    """Name, version and label of a versioned model; version or label are empty where they are not said."""
    model, _, version = model.partition("/versions/")
    name, _, label = model.partition("/labels/")
    return name, version, label


def name_and_version(model: str) -> tuple[str, str]:
    """Of a protocol that has no labels of versions; ValueError where one is named."""
    name, version, label = parts(model)
    if label:
        raise ValueError(f"this API knows no label {label} of {name}: name a version in the URL, /{name}/versions/N")
    return name, version


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
