"""How a server is set, by its own word: workers, threads and batching, as it answers or as it has logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from serveoff.measure.audit.device import ask
from serveoff.measure.runtimes import Server
from serveoff.services.reported_settings import settings_in

SETTINGS: Final = ("workers", "threads_per_worker", "intra_op_threads", "batch_size", "batch_delay_ms")
"""What servers are asked about; each is a field of serveoff.record.resources.Resources."""
LOG: Final = "log"


def read_settings(server: Server) -> dict[str, int]:
    """The settings that the server tells, by name; what it does not tell is not there.

    A server of ours says them by name in its log; of another's answer or log a pattern's last match counts, for a log
    goes on where a server was started again. One without a group is counted.
    """
    deployment = server.deployment
    text = "\n".join(_text(server, source) for source in deployment.settings)
    found = {name: re.findall(pattern, text) for name, pattern in deployment.settings_match.items()}
    numbers = {name: _number(deployment.settings_match[name], matches) for name, matches in found.items() if matches}
    return numbers | told_by(settings_in(text))


def told_by(event: Mapping[str, Any]) -> dict[str, int]:
    """The same from what a server says by name: a floor in its first event, another in its log."""
    return {name: int(event[name]) for name in SETTINGS if event.get(name) is not None}


def _number(pattern: str, matches: list[str]) -> int:
    return int(matches[-1]) if re.compile(pattern).groups else len(matches)


def _text(server: Server, source: str) -> str:
    if source == LOG:
        with suppress(OSError):
            return server.log.read_text(errors="replace")
        return ""
    port_name, _, path = source.partition("/")
    return ask(server.addresses[port_name], f"/{path}")
