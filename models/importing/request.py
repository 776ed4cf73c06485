"""What a user asks to be imported: parsed once, from the flags of `serveoff import`, and handed on as JSON."""

import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from serveoff.models import zoo
from serveoff.models.importing import kinds
from serveoff.models.importing.errors import bad_flag
from serveoff.models.importing.samples import FEWEST_ROWS, MOST_ROWS
from serveoff.models.importing.source import Source, parsed
from serveoff.models.jobs import DEFAULT_TIMEOUT_S
from serveoff.models.loading.user_modules import search_path
from serveoff.models.spec import TensorSpec

NAME = r"[a-z][a-z0-9_]*"


class ImportRequest(BaseModel):
    """A model to import; all paths are absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source
    name: str
    declared: tuple[TensorSpec, ...] = ()
    samples: str = ""
    ranges: dict[str, tuple[float, float]] = {}
    rows: int = 0
    timeout_s: float = DEFAULT_TIMEOUT_S
    force: bool = False


def parse_request(
    model: str,
    name: str,
    *,
    kind: str = "",
    weights: str = "",
    declared: Sequence[str] = (),
    feed: str = "",
    fetch: str = "",
    signature: str = "serving_default",
    samples: str = "",
    ranges: Sequence[str] = (),
    rows: int = 0,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    force: bool = False,
) -> ImportRequest:
    """The request that flags stand for; ImportFailed, in the words of the flags, where they do not make sense."""
    _check_name(name)
    if rows and not FEWEST_ROWS <= rows <= MOST_ROWS:
        raise bad_flag(f"--rows {rows} is not between {FEWEST_ROWS} and {MOST_ROWS}")
    if timeout_s <= 0:
        raise bad_flag(f"--timeout must be positive, not {timeout_s:g}")
    kind = kind or kinds.detected(model)
    source = Source(
        kind=kind,
        path=model if kind == "torch" else _absolute(model),
        weights=_absolute(weights),
        feed=_listed(feed),
        fetch=_listed(fetch),
        signature=signature,
        search=search_path() if kind == "torch" else (),
    )
    try:
        tensors, ranged = tuple(map(parsed, declared)), dict(map(_range, ranges))
    except ValueError as error:
        raise bad_flag(str(error)) from None
    return ImportRequest(
        source=source,
        name=name,
        declared=tensors,
        samples=_absolute(samples),
        ranges=ranged,
        rows=rows,
        timeout_s=timeout_s,
        force=force,
    )


def _check_name(name: str) -> None:
    if re.fullmatch(NAME, name) is None:
        raise bad_flag(f"--name {name!r} is not made of lower-case letters, digits and _, beginning with a letter")
    if name in zoo.names():
        raise bad_flag(f"{name} is a model of the zoo", "choose another --name")


def _absolute(path: str) -> str:
    return str(Path(path).resolve()) if path else ""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _range(text: str) -> tuple[str, tuple[float, float]]:
    match = re.fullmatch(r"(\w+)=(-?[\d.]+):(-?[\d.]+)", text)
    if match is None or float(match[2]) > float(match[3]):
        raise ValueError(f"--input-range {text!r} is not NAME=LOW:HIGH, as tokens=0:29999")
    return match[1], (float(match[2]), float(match[3]))
