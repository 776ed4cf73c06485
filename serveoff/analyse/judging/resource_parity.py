"""Did the servers of a run all have the same? Unequal resources are what comparisons most often get wrong."""

from collections import Counter

from serveoff.record.endpoint_results import EndpointResult
from serveoff.record.resources import LIMITS_SAID, Container, Resources
from serveoff.record.suite import Suite


def unequal(suite: Suite) -> dict[str, list[str]]:
    """Deployment to what it had and others had not; those that had what most had are not in it.

    Where no value is most of the run's, there is nothing to measure the others by: every deployment is named.
    """
    running = [r for r in suite.endpoints if not r.unavailable]
    found: dict[str, list[str]] = {}
    for field, said in LIMITS_SAID.items():
        had = {r.deployment: said(getattr(box, field)) for r in running if (box := _box(r, field, suite)) is not None}
        usual, count = Counter(had.values()).most_common(1)[0] if had else ("", 0)
        most = usual if 2 * count > len(had) else ""
        for deployment, mine in had.items():
            if mine != most:
                others = most or " or ".join(sorted({value for value in had.values() if value != mine}))
                found.setdefault(deployment, []).append(f"{mine}, where {'most' if most else 'others'} had {others}")
    return found


def _box(result: EndpointResult, field: str, suite: Suite) -> Container | Resources | None:
    """What holds a field of an endpoint: its container, or where there is none its processes.

    Cores that were asked for are not compared between processes: who has others is known to be the one that is wrong.
    """
    if result.container is not None:
        return result.container
    known = field in ("cpu_limit", "memory_limit_bytes") or (field == "cpus" and not suite.settings.server_cpus)
    return result.resources if known else None
