"""The command-line options that load tests add to Locust's."""

import os
import time
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from serveoff.loadtests.endpoints import find, running
from serveoff.loadtests.shapes import CHOICES, NONE, check_shape


class RowsError(Exception):
    """Rows cannot be written where they should go; better known before the test than after it."""


class _Suggestions(list[str]):
    """Choices for the drop-down that refuse nothing: the parser's refusal would not say how to start an endpoint."""

    def __contains__(self, item: object) -> bool:
        return True


def add_options(parser: Any) -> None:
    """Add ours to Locust's parser. Values stay text and numbers: Locust sends them to its workers as they are."""
    # Nothing is chosen at first: what is tested is the user's word.
    names = _Suggestions(["", *(target.name for target in running())])
    add, hidden = parser.add_argument, {"include_in_web_ui": False}
    add("--endpoint", choices=names, metavar="NAME", default="", help="what to test", is_required=True)
    shape = "how users come and go, up to --users within --run-time"
    add("--shape", choices=CHOICES, metavar="SHAPE", default=NONE, help=f"{shape}: {', '.join(CHOICES)}")
    add("--address", default="", metavar="HOST:PORT", help="address of the endpoint, if not its own", **hidden)
    add("--rows", default="", metavar="FILE", help="Parquet file for one row per request", **hidden)
    add("--request-timeout", type=_seconds, default=10.0, metavar="SECONDS", help="time limit of a request", **hidden)
    add("--model-dir", default="", metavar="FOLDER", help="folder of golden.npz, if not in artifacts/", **hidden)
    told = "obey commands on stdin, one JSON object per line: serveoff.loadtests.generator.commands"
    add("--commands", action="store_true", help=told, **hidden)


def resolve(options: Any) -> None:
    """Settle what all workers must share: the endpoint's address and the file of rows.

    EndpointError, RowsError or ShapeError where that cannot be.
    """
    check_shape(options)
    target = find(options.endpoint, options.address)
    options.target_address = target.address
    results = Path(os.environ.get("SERVEOFF_RESULTS") or "results")
    default = results / "loadtests" / f"{target.name}--{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.parquet"
    options.rows_path = options.rows or str(default)
    folder = Path(options.rows_path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RowsError(f"rows cannot be written to {folder} ({error.strerror}): name a file with --rows") from None
    if not os.access(folder, os.W_OK):
        raise RowsError(f"rows cannot be written to {folder}: name a file with --rows, or set SERVEOFF_RESULTS")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 <= seconds < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds
