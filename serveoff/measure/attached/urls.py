"""`NAME=URL` and files of endpoints, read as what a run records of them; UsageError says what cannot be."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import ValidationError

from serveoff.errors import UsageError
from serveoff.loadtests.attached.dialects import dialect, names
from serveoff.record.attached import AttachedEndpoint

DIALECTS: Final[Mapping[str, str]] = {
    "grpc": "grpc_tfserving",
    "torchserve+grpc": "grpc_torchserve",
    "v2+grpc": "grpc_open_inference",
}
"""By the scheme, without its `s`: what a URL of HTTP speaks, its path says."""
PATHS: Final = (
    (re.compile(r"/v1/models/[^/]+(/(versions|labels)/[^/:]+)?(:predict)?"), "tfserving"),
    (re.compile(r"/v2/models/[^/]+(/versions/[^/]+)?(/infer)?"), "open_inference"),
    (re.compile(r"/predictions/[^/]+(/[^/]+)?"), "torchserve"),
)
JSON: Final = "json"
HOW: Final = (
    "write it as prod=http://HOST:8501/v1/models/MODEL, or with /v2/models/MODEL or /predictions/MODEL, or as "
    "grpc://HOST:8500/MODEL, torchserve+grpc://HOST:7070/MODEL, v2+grpc://HOST:8081/MODEL; other APIs: docs/attach.md"
)
PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_BESIDE: Final = re.compile(r",(pid|container|metrics)=")
_ELSEWHERE: Final = re.compile(r"@\S.*|.*\$\{\w+\}.*")
"""A value of a header that is in a file or, a part of it, in a variable."""
_TELLING: Final = re.compile(
    r"(^|[^a-z])(auth|authorization|cookie|credentials?|jwt|passw(or)?d|pwd|secret|session|sid|sig|token)($|[^a-z])"
    r"|(access|api|auth|private|secret|subscription)[-_.]?(key|token)($|[^a-z])|^(key|code)$",
    re.IGNORECASE,
)
"""The name of a header or of a URL's parameter whose value is for nobody's eyes."""
HOST: Final = "host"
"""By which an ingress tells services from each other; gRPC has no such header."""
_OURS: Final = frozenset({"content-length", HOST, "transfer-encoding", "connection", "content-type"})


def parse_url(text: str) -> AttachedEndpoint:
    """`prod=http://host:8501/v1/models/m`, behind it `,pid=`, `,container=` or `,metrics=`."""
    name, equals, rest = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} has no name", HOW)
    url, *beside = _BESIDE.split(rest)
    return _endpoint(name, {"url": url, **dict(zip(beside[::2], beside[1::2], strict=True))})


def read_file(path: Path) -> list[AttachedEndpoint]:
    """The endpoints of a TOML file, a table each, named by the table; paths in it are beside it."""
    try:
        tables = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}", "docs/attach.md has three examples") from None
    if not tables:
        raise UsageError(f"{path} has no endpoint", "write a table of each: [prod], and below it url = ...")
    return [_of_table(name, table, path) for name, table in tables.items()]


def _of_table(name: str, table: Any, path: Path) -> AttachedEndpoint:
    if not isinstance(table, dict) or "url" not in table:
        raise UsageError(f"{path}: {name} has no url", f"write [{name}] and below it url = ...")
    given = dict(table)
    if ca_file := given.get("ca_file"):
        given["ca_file"] = str(path.parent / str(ca_file))
    headers = given.get("headers")
    if isinstance(headers, dict):
        given["headers"] = {key: _beside(str(value), path) for key, value in headers.items()}
    given["template"] = given.pop("request", "")
    return _endpoint(name, given)


def _beside(value: str, path: Path) -> str:
    """A file that a header's value is in lies beside the file that names it."""
    return f"@{path.parent / value[1:]}" if value.startswith("@") else value


def _endpoint(name: str, given: Mapping[str, Any]) -> AttachedEndpoint:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of an endpoint", "use letters, digits, and . _ - between them")
    try:
        api = given.get("dialect") or _dialect(str(given["url"]), bool(given.get("template")))
        found = AttachedEndpoint(**{**given, "name": name, "dialect": api})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"endpoint {name}: {field}: {first['msg'].lower()}", "docs/attach.md lists the fields"
        ) from None
    if api not in names():
        raise UsageError(f"endpoint {name}: {api!r} is no dialect", f"there are: {', '.join(names())}")
    for header, value in found.headers.items():
        _check_header(found, header, value)
    for url in filter(None, (found.url, found.metrics)):
        split(url)
    return found


def _check_header(endpoint: AttachedEndpoint, header: str, value: str) -> None:
    name = endpoint.name
    theirs = header.lower() == HOST and dialect(endpoint.dialect).protocol == "rest"
    if header.lower() in _OURS and not theirs:
        raise UsageError(f"endpoint {name}: the header {header} is made by the load generator", "leave it out")
    if _TELLING.search(header) and not _ELSEWHERE.fullmatch(value):
        hint = f'write {header} = "Bearer ${{TOKEN}}" and set TOKEN, or "@FILE"'
        raise UsageError(f"endpoint {name}: the {header} header stands in the file itself", hint)


def _dialect(url: str, templated: bool) -> str:
    """What a URL speaks."""
    found = split(url)
    scheme = found.scheme.removesuffix("s") if found.scheme not in PORTS else ""
    if scheme:
        return DIALECTS[scheme]
    known = (api for pattern, api in PATHS if pattern.fullmatch(found.path.rstrip("/")))
    return JSON if templated else next(known, JSON)


def split(url: str) -> SplitResult:
    """A URL of an endpoint in its parts; UsageError where it is none."""
    try:
        found = urlsplit(url)
        port = found.port or PORTS.get(found.scheme)
    except ValueError as error:
        raise UsageError(f"{_shown(url)} is no URL: {error}", HOW) from None
    grpc = found.scheme.removesuffix("s") in DIALECTS
    if not found.hostname or not (grpc or found.scheme in PORTS):
        raise UsageError(f"{_shown(url)} is no URL of an endpoint", HOW)
    if found.username or found.password or any(_TELLING.search(name) for name, _ in parse_qsl(found.query)):
        raise UsageError(
            f"{_shown(url)} has a secret in it", "give it as a header of the file of endpoints, from a variable"
        )
    if port is None or (grpc and not found.path.strip("/")):
        raise UsageError(f"{_shown(url)} lacks a {'port' if port is None else 'model'}", HOW)
    if found.fragment or (grpc and found.query):
        raise UsageError(f"{_shown(url)} has more than a path behind its host", HOW)
    return found


def _shown(url: str) -> str:
    """Without what may be a password."""
    return re.sub(r"=[^&#]*", "=...", re.sub(r"//[^/@]*@", "//...@", url))


def named_once(endpoints: Sequence[AttachedEndpoint]) -> Iterator[AttachedEndpoint]:
    """All of them; UsageError where two have one name."""
    known: set[str] = set()
    for endpoint in endpoints:
        if endpoint.name in known:
            raise UsageError(f"two endpoints are called {endpoint.name}", "give each a name of its own")
        known.add(endpoint.name)
        yield endpoint
