"""Compose's sizes, times and cores as Kubernetes writes them."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from serveoff.measure.runtimes.cpus import parse_cpus
from serveoff.services.registry import RegistryError

_MEMORY = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[bkmgt]?)i?b?", re.IGNORECASE)
_UNITS: Final = "bkmgt"
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def memory(text: str) -> str:
    """`4g` is `4Gi`: both count in powers of 1,024. RegistryError where it is no size."""
    found = _MEMORY.fullmatch(text.strip())
    if found is None:
        raise RegistryError(f"docker-compose.yml: mem_limit is {text!r}, which is not a size: write it as 4g or 512m")
    number, unit = float(found["number"]), found["unit"].lower() or "b"
    if number.is_integer():
        return f"{number:.0f}" + ("" if unit == "b" else f"{unit.upper()}i")
    return str(math.ceil(number * 1024 ** _UNITS.index(unit)))


def cores(block: Mapping[str, Any]) -> str | None:
    """The limit that a service has, or how many cores it is pinned to; None where it may use all."""
    limit = float(block.get("cpus") or 0)
    if limit > 0:
        return f"{limit:g}"
    pinned = str(block.get("cpuset") or "")
    return str(len(parse_cpus(pinned))) if pinned else None


def resources(block: Mapping[str, Any]) -> dict[str, Any]:
    """Requests equal to limits: nobody takes another's cores. GPUs are those that docker-compose.gpu.yml reserves."""
    found: dict[str, str] = {}
    if (cpu := cores(block)) is not None:
        found["cpu"] = cpu
    if limit := block.get("mem_limit"):
        found["memory"] = memory(str(limit))
    if gpus := _gpus(block):
        found["nvidia.com/gpu"] = gpus
    return {"requests": dict(found), "limits": found} if found else {}


def seconds(duration: str | None, otherwise: int) -> int:
    """`1m30s` is 90; at least 1, which is the least that a probe takes."""
    if not duration:
        return otherwise
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", duration)
    return max(1, round(sum(float(number) * _SECONDS[unit] for number, unit in parts)))


def _gpus(block: Mapping[str, Any]) -> str:
    reserved = block.get("deploy", {}).get("resources", {}).get("reservations", {}).get("devices", [])
    counts = [str(device.get("count", 1)) for device in reserved if "gpu" in device.get("capabilities", [])]
    return counts[0] if counts else ""
