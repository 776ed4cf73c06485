"""Probes: when a server has come up, whether it takes requests, and whether it lives."""

from collections.abc import Mapping
from typing import Any, Final

from serveoff.manifests.quantities import seconds
from serveoff.services.registry import Deployment

START_S: Final = 300
"""Where a service does not say for how long it may start."""
LIVENESS_PERIOD_S: Final = 10


def of_service(block: Mapping[str, Any]) -> dict[str, Any]:
    """Compose's health check, for the start and from then on; nothing where there is none."""
    check = _health_check(block)
    if check is None:
        return {}
    return {"startupProbe": {**check, **_start(block)}, "readinessProbe": {**check, **_times(block)}}


def of_server(deployment: Deployment, block: Mapping[str, Any]) -> dict[str, Any]:
    """Compose's health check until the server can predict; from then on nothing that takes time from what is measured.

    A health check starts a program, of more or less weight from server to server; a page and a port cost all the same.
    """
    ready = _page(deployment.ready)
    check = _health_check(block) or {"httpGet": ready}
    alive = {"tcpSocket": {"port": deployment.protocols[0]}, "periodSeconds": LIVENESS_PERIOD_S}
    return {
        "startupProbe": {**check, **_start(block)},
        "readinessProbe": {"httpGet": ready, **_times(block)},
        "livenessProbe": {**alive, "failureThreshold": _retries(block)},
    }


def _page(ready: str) -> dict[str, Any]:
    port, _, path = ready.partition("/")
    return {"path": f"/{path}", "port": port}


def _health_check(block: Mapping[str, Any]) -> dict[str, Any] | None:
    test = block.get("healthcheck", {}).get("test")
    if not test:
        return None
    how, *words = ["CMD-SHELL", test] if isinstance(test, str) else test
    return {"exec": {"command": ["sh", "-c", *words] if how == "CMD-SHELL" else words}}


def _start(block: Mapping[str, Any]) -> dict[str, int]:
    times = _times(block)
    allowed_s = seconds(block.get("healthcheck", {}).get("start_period"), START_S)
    return {**times, "failureThreshold": -(-allowed_s // times["periodSeconds"]) + _retries(block)}


def _times(block: Mapping[str, Any]) -> dict[str, int]:
    said = block.get("healthcheck", {})
    period, timeout = seconds(said.get("interval"), 5), seconds(said.get("timeout"), 4)
    return {"periodSeconds": period, "timeoutSeconds": timeout, "failureThreshold": _retries(block)}


def _retries(block: Mapping[str, Any]) -> int:
    return int(block.get("healthcheck", {}).get("retries", 3))
