"""What a docker run has more than a local one: containers, phases before the start, network bytes, throttling."""

from __future__ import annotations

import hashlib
from typing import Any

from serveoff.record.cold_starts import ColdStart
from serveoff.record.resources import Container
from serveoff.services.registry import Deployment

ENGINE = "Docker 28.2.2, Compose 2.36.0, cgroup v2"
IMAGES = {
    "tfserving-embedded": ("serveoff/tfserving-embedded", 1.31e9),
    "torchserve": ("serveoff/torchserve", 1.16e9),
    "tensorflow": ("serveoff/flaskrest-tensorflow", 1.29e9),
    "torch": ("serveoff/flaskrest-torch", 0.94e9),
}
TORCH = ("torchscript", "torch_eager", "null")
CREATE_S, START_S = 0.71, 0.38
HEADERS = {"json": 1_020, "tensor": 640, "bytes": 640}
"""Bytes a request that HTTP and TCP add on their way in."""


def container(deployment: Deployment, server: str, cpu_limit: float | None, changes: dict[str, Any]) -> Container:
    """One deployment's container: cores, memory and rights as a run asks for them, but for `changes`."""
    image, size = IMAGES[server if server in IMAGES else "torch" if deployment.format in TORCH else "tensorflow"]
    sound = Container(
        image=image,
        image_digest="sha256:" + hashlib.sha256(image.encode()).hexdigest(),
        image_bytes=int(size),
        cpus=[0],
        cpu_limit=cpu_limit,
        memory_limit_bytes=4 * 2**30,
        user_id=10001,
        capabilities=0,
        no_new_privileges=True,
        read_only_root=True,
    )
    return sound.model_copy(update=changes)


def started_in_container(start: ColdStart, order: int) -> ColdStart:
    """The same cold start behind an engine: creation apart, the engine's own part at the beginning of each phase."""
    later = {
        name: value + START_S
        for name in ("port_open_s", "ready_s", "first_answer_s")
        if (value := getattr(start, name)) is not None
    }
    engine = None if start.port_open_s is None else START_S
    return start.model_copy(update={"create_s": CREATE_S + 0.05 * order, "start_s": engine, **later})


def usage(payload: str, request_bytes: int | None, requests: int, window_s: float, throttled: float) -> dict[str, Any]:
    """A window's network bytes and throttled seconds; a floor has no network to speak of."""
    incoming = 0 if request_bytes is None else requests * (request_bytes + HEADERS[payload])
    outgoing = 0 if request_bytes is None else requests * 640
    return {
        "server_network_in_bytes": incoming,
        "server_network_out_bytes": outgoing,
        "server_throttled_s": throttled * window_s,
    }
