"""How a server of ours is set, said in its log where its own API has no place for it: a mark and an object in JSON.

A log may go on where a server was started again, and a line may have a prefix: the last word on a setting counts.
"""

import json
import re
from contextlib import suppress
from typing import Any

MARK = "serveoff-settings"
_LINE = re.compile(rf"{MARK} (\{{.*\}})$", re.MULTILINE)


def line_of(**settings: object) -> str:
    """`serveoff-settings {"batch_size": 8}`."""
    return f"{MARK} {json.dumps(settings)}"


def settings_in(log: str) -> dict[str, Any]:
    """All that the lines of a log say."""
    found: dict[str, Any] = {}
    for text in _LINE.findall(log):
        with suppress(json.JSONDecodeError):  # two processes may have written into one line
            found |= json.loads(text)
    return found
