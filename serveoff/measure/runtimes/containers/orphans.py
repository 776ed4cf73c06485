"""Containers, networks and volumes of runs that were killed: told by the label that names their runner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import docker

from serveoff.measure.runtimes.containers.compose import PROJECT_LABEL, Compose
from serveoff.measure.watchdog import RUNNER, is_gone, runner_id

RUNNER_LABEL: Final = "serveoff.runner"


def owned(block: Mapping[str, Any]) -> dict[str, Any]:
    """A service's or volume's block of a Compose file with the label of this process."""
    return {**block, "labels": {**block.get("labels", {}), RUNNER_LABEL: runner_id()}}


def remove_orphans(client: docker.DockerClient) -> int:
    """Remove the projects whose runners are gone, each with all that it has; how many containers that were."""
    ours = {"label": RUNNER_LABEL}
    containers = [c.labels for c in client.containers.list(all=True, filters=ours, ignore_removed=True)]
    volumes = [volume.attrs["Labels"] for volume in client.volumes.list(filters=ours)]
    for project in {labels[PROJECT_LABEL] for labels in (*containers, *volumes) if _is_orphaned(labels)}:
        Compose(client, project, ()).remove()
    return sum(map(_is_orphaned, containers))


def _is_orphaned(labels: Mapping[str, str]) -> bool:
    runner = labels[RUNNER_LABEL]
    return PROJECT_LABEL in labels and RUNNER.fullmatch(runner) is not None and is_gone(runner)
