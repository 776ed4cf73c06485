"""CPU limits that held back a server, or the whole run: cautions, for the figures are true of these limits."""

from collections.abc import Iterator
from typing import Final

from serveoff.analyse.judging.grounds import Grounds, share_of
from serveoff.analyse.verdict import Finding, FindingCode
from serveoff.record.attached import ATTACHED

THROTTLED_CAUTION: Final = 0.01
"""Share of the time in which a CPU limit held the server back."""
WHY: Final = "latency then includes throttling pauses, so the figures hold for this limit only"


def by_container(grounds: Grounds) -> Iterator[Finding]:
    """Even where another endpoint was not throttled: the limit is equal for all, or another finding says that not.

    A server that needs more CPU than the limit allows is slower under it, and that is a true finding about it.
    """
    share = share_of((w.server_throttled_s, w.duration_s) for w in grounds.windows)
    if share > THROTTLED_CAUTION:
        seen = f"its CPU limit throttled it for {share:.0%} of the time, summed over cores"
        advice = "raise SERVER_CPU_LIMIT in .env (0: none), or give servers whole cores with `--server-cpus`"
        yield Finding(FindingCode.THROTTLED, False, seen, WHY, advice)


def by_own_group(grounds: Grounds) -> Iterator[Finding]:
    """The limit of the control group that the run is in: equal for all endpoints, and for the load generator too."""
    share = share_of((w.group_throttled_s, w.duration_s) for w in grounds.windows)
    if share > THROTTLED_CAUTION:
        apart = grounds.endpoint.container is not None or grounds.endpoint.server == ATTACHED
        who = "the load generator" if apart else "server and load generator"
        seen = f"the CPU limit of this run throttled {who} for {share:.0%} of the time, summed over cores"
        advice = "raise it: `docker run --cpus`, `limits.cpu` of a pod, `CPUQuota=` of a systemd unit"
        yield Finding(FindingCode.THROTTLED, False, seen, WHY, advice)
