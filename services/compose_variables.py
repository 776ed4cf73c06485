"""The variables that Compose sees, and how it fills them in.

https://docs.docker.com/compose/how-tos/environment-variables/env-file-syntax/ and, of `${NAME:-default}`,
https://docs.docker.com/reference/compose-file/interpolation/.
"""

import os
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

ENV_FILE = Path(__file__).resolve().parent.parent / ".env"
_SINGLE_QUOTED = re.compile(r"[^=]+=\s*'")
_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<bare>[A-Za-z_]\w*)"
    r"|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-+?])(?P<word>(?:[^{}]|\{[^}]*\})*))?\})"
)


def variables(environ: Mapping[str, str] = os.environ, file: Path = ENV_FILE) -> dict[str, str]:
    """The environment over the checkout's `.env`, whose values are filled in from both."""
    try:
        text = file.read_text()
    except OSError:
        return dict(environ)
    found: dict[str, str] = {}
    for line in _lines(text):
        if line.key and line.value is not None:
            literal = _SINGLE_QUOTED.match(line.original.string)
            found[line.key] = line.value if literal else interpolate(line.value, {**found, **environ})
    return {**found, **environ}


def interpolate(text: str, values: Mapping[str, str], dollar: str = "$") -> str:
    """Fill in `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+instead}`; `$$` becomes `dollar`.

    Without the colon it matters whether a variable is there, with it whether it is empty, too.
    """

    def filled(match: re.Match[str]) -> str:
        if match["escaped"]:
            return dollar
        value, how = values.get(match["bare"] or match["name"]), match["how"] or ""
        given = bool(value) if how.startswith(":") else value is not None
        if how.endswith("+" if given else "-"):
            return interpolate(match["word"], values, dollar)
        return "" if how.endswith("+") else value or ""

    return _VARIABLE.sub(filled, text)


def _lines(text: str) -> Iterator[Binding]:
    """Compose takes a colon in place of the equals sign, too."""
    for line in parse_stream(StringIO(text)):
        if line.error:
            yield from parse_stream(StringIO(line.original.string.replace(":", "=", 1)))
        else:
            yield line
