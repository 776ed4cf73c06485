"""What the load sends: inputs that no server can know by heart, and the bare model's answers to them."""

import zlib
from dataclasses import replace

from serveoff.errors import ServerFailed
from serveoff.measure.drivers.inprocess import bare_answers, wait_floor
from serveoff.measure.fleet import Fleet
from serveoff.measure.plan.plan import Plan, answering_floors
from serveoff.measure.runtimes import Runtime
from serveoff.models.golden import Golden
from serveoff.models.manifest import Manifest
from serveoff.record.roles import role_of
from serveoff.record.suite import Suite
from serveoff.services.registry import Deployment


def unseen_inputs(
    plan: Plan, registry: list[Deployment], manifest: Manifest, runtime: Runtime, suite: Suite
) -> dict[str, Golden]:
    """By model, drawn by the run; from the floor of the first artifact that can answer. None where there is none."""
    if all(role_of(d) == "floor" for d, _ in plan.deployments):
        return {}
    for bare in answering_floors(plan, registry):
        if bare.format not in manifest.artifacts:
            continue
        floor = runtime.resolve(bare)[0]
        try:
            with Fleet(runtime).apart(replace(floor, name=f"{floor.name}-answers")) as server:
                wait_floor(server)
                return {floor.model: bare_answers(server, zlib.crc32(suite.run_id.encode()))}
        except ServerFailed:
            continue
    return {}
