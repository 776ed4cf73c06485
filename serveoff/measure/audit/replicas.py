"""What it takes to run one more replica of a deployment, counted in docker-compose.yml (claim C10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import ndiff
from typing import Any

import yaml

from serveoff.loadtests.samples import NULL_FORMAT
from serveoff.record.endpoint_results import Replication
from serveoff.services.compose_variables import variables
from serveoff.services.registry import Deployment, RegistryError, compose_files, service_block

SETTING = "WORKERS"


def replication(deployment: Deployment) -> Replication | None:
    """Lines for two replicas rather than one; None for floors, null and variants.

    Where SETTING changes nothing that the server reads, a replica is one more service, as long as this one is.
    """
    if "call" in deployment.protocols or deployment.variant or deployment.format == NULL_FORMAT:
        return None
    one, two = (_read_by_server(service_block(deployment.service, {**variables(), SETTING: n})) for n in ("1", "2"))
    changed = sum(line.startswith("+ ") for line in ndiff(_lines(one), _lines(two)))
    if changed:
        return Replication(by_setting=True, lines=changed)
    return Replication(by_setting=False, lines=_own_lines(deployment.service))


def _read_by_server(block: Mapping[str, Any]) -> Any:
    """Its flags, where it is given flags, as TensorFlow Serving is; else its environment, which all of ours read."""
    command = block.get("command", [])
    return command if command and str(command[0]).startswith("--") else block.get("environment", {})


def _lines(value: Any) -> list[str]:
    return yaml.safe_dump(value).splitlines()


def _own_lines(service: str) -> int:
    """Lines of the service as it is written, in the first file that has it."""
    block = re.compile(rf"^  {re.escape(service)}:\n(?:(?:   .*)?\n)*?(?=^ {{0,2}}\S|\Z)", re.MULTILINE)
    for path in compose_files(variables()):
        if found := block.search(path.read_text()):
            return sum(bool(line.strip()) for line in found[0].splitlines())
    raise RegistryError(f"no service is called {service}")
