"""Where a deployment truly computes: what its server answers, or what it has logged."""

from __future__ import annotations

import http.client
import re
from contextlib import suppress

from serveoff.measure.runtimes import Server
from serveoff.services.reported_settings import settings_in

TIMEOUT_S = 10.0
CPU = "cpu"


def read_device(server: Server) -> str | None:
    """`cpu`, `cuda:0` ...; None where the server does not say.

    TensorFlow Serving has no other place for it than a line in its log for each GPU that it opens: none found means the
    CPU. Our stand-in for it says it outright.
    """
    deployment = server.deployment
    if deployment.device:
        port_name, _, path = deployment.device.partition("/")
        found = re.search(deployment.device_match, ask(server.addresses[port_name], f"/{path}"))
        return _name(found[1]) if found else None
    if deployment.device_log:
        with suppress(OSError):
            log = server.log.read_text(errors="replace")
            if told := settings_in(log).get("device"):
                return str(told)
            found = re.search(deployment.device_log, log)
            return _name(found[1]) if found else CPU
    return None


def _name(found: str) -> str:
    """PyTorch's name of a device, from its own or TensorFlow's: `GPU:0` is `cuda:0`, `CPU:0` is `cpu`."""
    return re.sub(r"^gpu\b", "cuda", found.lower()).replace("cpu:0", CPU)


def ask(address: str, path: str) -> str:
    """The body of a good answer to a GET; nothing where there is none."""
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read().decode(errors="replace") if answer.status == http.client.OK else ""
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
