"""What it takes to run one more replica of a deployment, counted in docker-compose.yml (claim C10)."""

import re
from difflib import ndiff
from typing import Any

import yaml

from serveoff.loadtests.samples import NULL_FORMAT
from serveoff.record.endpoint_results import Replication
from serveoff.services.compose_variables import variables
from serveoff.services.registry import Deployment, RegistryError, compose_files, service_block

SETTING = "WORKERS"
ONE_PROCESS = ("tfserving", "tfserving-embedded")
"""Servers to which this says how many threads one copy of the model has."""


def replication(deployment: Deployment) -> Replication | None:
    """Lines for two replicas rather than one; None for floors, null and variants.

    Where SETTING makes no replicas, one more is a service, as long as this one is.
    """
    if "call" in deployment.protocols or deployment.variant or deployment.format == NULL_FORMAT:
        return None
    if deployment.server in ONE_PROCESS:
        return Replication(by_setting=False, lines=_own_lines(deployment.service))
    one, two = (service_block(deployment.service, {**variables(), SETTING: n})["environment"] for n in ("1", "2"))
    return Replication(by_setting=True, lines=sum(line.startswith("+ ") for line in ndiff(_lines(one), _lines(two))))


def _lines(value: Any) -> list[str]:
    return yaml.safe_dump(value).splitlines()


def _own_lines(service: str) -> int:
    """Lines of the service as it is written, in the first file that has it."""
    block = re.compile(rf"^  {re.escape(service)}:\n(?:(?:   .*)?\n)*?(?=^ {{0,2}}\S|\Z)", re.MULTILINE)
    for path in compose_files(variables()):
        if found := block.search(path.read_text()):
            return sum(bool(line.strip()) for line in found[0].splitlines())
    raise RegistryError(f"no service is called {service}")
