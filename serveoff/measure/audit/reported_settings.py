"""What a server says of itself, as it answers or as it has logged: its workers, threads, batching and device."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from serveoff.measure.runtimes import Server
from serveoff.services.probes import page
from serveoff.services.reported_settings import settings_in

SETTINGS: Final = ("workers", "threads_per_worker", "intra_op_threads", "batch_size", "batch_delay_ms")
"""What servers are asked about; each is a field of serveoff.record.resources.Resources."""
LOG: Final = "log"
TIMEOUT_S = 10.0
CPU = "cpu"
_SAID: Final = r'"{}": *"([^"]*)"'
"""A word in JSON, by its name."""


def read_settings(server: Server) -> dict[str, int]:
    """The settings that the server tells, by name; what it does not tell is not there.

    A server of ours says them by name in its log; of another's answer or log a pattern's last match counts, for a log
    goes on where a server was started again. One without a group is counted.
    """
    deployment = server.deployment
    text = "\n".join(_text(server, source) for source in deployment.settings)
    numbers = {}
    for name, pattern in deployment.settings_match.items():
        if matches := re.findall(pattern, text):
            numbers[name] = int(matches[-1]) if re.compile(pattern).groups else len(matches)
    return numbers | told_by(settings_in(text))


def told_by(event: Mapping[str, Any]) -> dict[str, int]:
    """The same from what a server says by name: a floor in its first event, another in its log."""
    return {name: int(event[name]) for name in SETTINGS if event.get(name) is not None}


def read_device(server: Server) -> str | None:
    """`cpu`, `cuda:0` ...; None where the server does not say.

    TensorFlow Serving has no other place for it than a line in its log for each GPU that it opens: none found means the
    CPU. Our stand-in for it says it outright.
    """
    deployment = server.deployment
    if deployment.device:
        found = re.search(deployment.device_match, _text(server, deployment.device))
        return _name(found[1]) if found else None
    if deployment.device_log:
        with suppress(OSError):
            log = server.log.read_text(errors="replace")
            if told := settings_in(log).get("device"):
                return str(told)
            found = re.search(deployment.device_log, log)
            return _name(found[1]) if found else CPU
    return None


def read_executor(server: Server) -> str:
    """What runs the artifact, of a format that may be run by several; said beside the device, and empty where not."""
    return _said(server, "executor")


def read_precision(server: Server) -> str:
    """The lower precision that it computes in, said beside the device, and empty where there is none."""
    return _said(server, "precision")


def _said(server: Server, name: str) -> str:
    page_of = server.deployment.device
    found = re.search(_SAID.format(name), _text(server, page_of)) if page_of else None
    return found[1] if found else ""


def _name(found: str) -> str:
    """PyTorch's name of a device, from its own or TensorFlow's: `GPU:0` is `cuda:0`, `CPU:0` is `cpu`."""
    return re.sub(r"^gpu\b", "cuda", found.lower()).replace("cpu:0", CPU)


def _text(server: Server, source: str) -> str:
    """Its log, or a page as `rest/path`; empty where it cannot be read."""
    if source == LOG:
        with suppress(OSError):
            return server.log.read_text(errors="replace")
        return ""
    port_name, _, path = source.partition("/")
    return page(server.addresses[port_name], f"/{path}", TIMEOUT_S) or ""
