"""Containers of a run that was killed are removed by the next; those of one that lives, and of others, stay."""

import uuid

import docker
import pytest

from serveoff.measure.runtimes.containers.compose import PROJECT_LABEL, RUNNER_LABEL, owned, remove_orphans
from serveoff.measure.runtimes.containers.freezer import control_group
from serveoff.measure.watchdog import runner_id

pytestmark = [pytest.mark.docker, pytest.mark.slow]
GONE = runner_id().rpartition("-")[0] + "-1"


def test_projects_of_a_runner_that_is_gone_are_removed_frozen_containers_too(engine, images):
    client, name = docker.from_env(), f"serveoff-test-{uuid.uuid4().hex[:8]}"
    made = {}
    try:
        for runner in ("gone", "alive", "other"):
            labels = {PROJECT_LABEL: f"{name}-{runner}"}
            labels |= {"gone": {RUNNER_LABEL: GONE}, "alive": owned({})["labels"], "other": {}}[runner]
            made[runner] = client.containers.run("serveoff/locust", ["sleep", "600"], labels=labels, detach=True)
            client.volumes.create(f"{name}-{runner}", labels=labels)
            client.networks.create(f"{name}-{runner}", labels=labels | {PROJECT_LABEL: f"{name}-{runner}-network"})
        made["gone"].reload()
        freezer = control_group(made["gone"])
        assert freezer.can_freeze
        freezer.freeze()
        assert remove_orphans(client) == 1
        left = client.containers.list(all=True, filters={"label": PROJECT_LABEL})
        assert {c.id for c in left} & {c.id for c in made.values()} == {made["alive"].id, made["other"].id}
        for things in (client.volumes.list(), client.networks.list()):
            names = {thing.name for thing in things}
            assert names & {f"{name}-{runner}" for runner in made} == {f"{name}-alive", f"{name}-other"}
    finally:
        for container in client.containers.list(all=True, filters={"label": PROJECT_LABEL}):
            if container.labels[PROJECT_LABEL].startswith(name):
                container.remove(force=True)
        for volume in client.volumes.list():
            if volume.name.startswith(name):
                volume.remove(force=True)
        for network in client.networks.list():
            if network.name.startswith(name):
                network.remove()
