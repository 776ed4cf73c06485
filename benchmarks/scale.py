"""Two replicas behind a balancer do twice what one does: `make scale`, or `python -m benchmarks.scale`.

Three containers of one deployment share a core, each with `--share` of it, as if it had a small host of its own. One
is asked directly, two behind HAProxy, which has the load generator's core. Both addresses are endpoints of one run of
`serveoff run --url one=... --url two=...` (docs/attach.md). Predicted of two replicas is the throughput of one, twice.

The kernel enforces a share in periods of 0.1 s, so a slice is as long as ten of them. The exit code is 0 where the
measured ratio is within 10% of the predicted one, and 1 where it is not or a point is not VALID; what is missing ends
with a sentence and the code of docs/exit-codes.md. The last line is one JSON object. See docs/scale.md.
"""

import argparse
import json
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console

from benchmarks.twins import ALONE, MANY, MODEL, carried_out, judged, registered, run, say, service
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.statistics.estimates import NOTHING
from serveoff.cli.options import settings_of
from serveoff.cli.run_options import RunOptions
from serveoff.errors import EngineFailure, ServeoffError, ServerFailed, UsageError
from serveoff.measure import run_lifecycle
from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.plan.profiles import run_settings
from serveoff.measure.readiness import wait_ready
from serveoff.measure.runtimes import processes
from serveoff.measure.runtimes.containers.engine import connect
from serveoff.measure.runtimes.cpus import available_cpus, plan_cpus
from serveoff.measure.runtimes.loopback_ports import LOOPBACK, free_port
from serveoff.record.problems import StartCode
from serveoff.record.settings import RunSettings
from serveoff.report.phrases.numbers import full, ms, significant
from serveoff.report.write import write_report
from serveoff.services.probes import accepts

DEPLOYMENT = "flask-tuned-torchscript"
DIRECT, BEHIND = "replica-direct", ("replica-behind-1", "replica-behind-2")
ONE, TWO = "one", "two"
"""The endpoints of the run: a replica, and the balancer of two."""
PREDICTED, WITHIN = float(len(BEHIND)), 0.1
SHARE, MINUTES = 0.1, 3.0
"""With a smaller share, both replicas get theirs even where something else runs on their core."""
PERIOD_S = 0.1
"""The kernel's, in which a container may use its share: https://docs.kernel.org/scheduler/sched-bwc.html."""
SLICE_S, LEAD_IN_S = 10 * PERIOD_S, 2 * PERIOD_S
"""An idle replica begins with a share that it has not used: the lead-in uses it up."""
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin")
"""Where distributions install HAProxy, and not on every user's PATH."""
START_S, POLL_S = 10.0, 0.02
CONFIGURATION = """\
global
    nbthread 1
    maxconn 1024
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    http-reuse always
frontend predictions
    bind {host}:{port}
    default_backend replicas
backend replicas
    balance leastconn
{servers}
"""


def haproxy() -> str:
    """The program; UsageError says how to get it."""
    found = shutil.which("haproxy", path=os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_FOLDERS)))
    if found is None:
        raise UsageError("haproxy is not installed", "on Debian or Ubuntu: apt-get install haproxy")
    return found


def check_here() -> None:
    """Refuse, before anything is built, what cannot be measured here."""
    haproxy()
    if len(available_cpus()) < 2:
        raise UsageError("two cores are needed", "one is for the replicas, one for the balancer and the load")
    if not connect().is_local:
        raise EngineFailure("the Docker engine is not on this machine's own kernel", "use Linux and its own engine")


@contextmanager
def replicas(share: float, folder: Path) -> Iterator[list[str]]:
    """Addresses of three containers of the deployment, each with this share of the servers' core."""
    names = (DIRECT, *BEHIND)
    cpus = plan_cpus()
    settings = run_settings(
        "quick",
        model=MODEL,
        runtime="docker",
        endpoints=list(names),
        server_cpus=list(cpus.server),
        client_cpus=list(cpus.client),
    )
    block = service(DEPLOYMENT)
    with registered(dict.fromkeys(names, block)), patch.dict(os.environ, SERVER_CPU_LIMIT=str(share)):
        run_lifecycle.prepare(settings, Console(stderr=True))
        with run_lifecycle.opened(settings, folder) as runtime:
            registry = run_lifecycle.registry_for(MODEL)
            servers = [runtime.start(find_deployment(registry, name)) for name in names]
            for server in servers:
                wait_ready(server)
                inside = server.inspect()
                if inside is not None and inside.problems:
                    raise EngineFailure(f"{server.deployment.name}: {inside.problems[0].text}")
            yield [server.addresses["rest"] for server in servers]


@contextmanager
def balancer(addresses: Sequence[str], folder: Path) -> Iterator[str]:
    """The address of HAProxy on the load generator's core, with these replicas behind it."""
    port, file, log = free_port(), folder / "haproxy.cfg", folder / "haproxy.log"
    file.write_text(configuration(port, addresses))
    command = [haproxy(), "-db", "-f", str(file)]
    with processes.running(partial(processes.spawn, command, os.environ, log, cpus=plan_cpus().client)) as process:
        end_s = time.monotonic() + START_S
        while not accepts(LOOPBACK, port, POLL_S):
            if process.poll() is not None or time.monotonic() > end_s:
                raise ServerFailed(StartCode.NOT_STARTED, f"HAProxy does not start:\n{processes.tail(log)}")
            time.sleep(POLL_S)
        yield f"{LOOPBACK}:{port}"


def configuration(port: int, addresses: Sequence[str]) -> str:
    """HAProxy's: a request goes to the replica that has the fewest."""
    servers = "\n".join(f"    server replica{number} {address}" for number, address in enumerate(addresses, 1))
    return CONFIGURATION.format(host=LOOPBACK, port=port, servers=servers)


def settings(one: str, two: str, minutes: float) -> RunSettings:
    """Of the run that compares the two addresses, as the command line has it."""
    urls = [f"{name}=http://{address}/v1/models/{MODEL}" for name, address in ((ONE, one), (TWO, two))]
    callers = f"{ALONE},{MANY}"
    asked = settings_of(
        RunOptions(profile="quick", model=MODEL, url=urls, minutes=minutes, duration=SLICE_S, concurrency=callers)
    )
    # They are ours, and meant to be driven to their limit: a container's address is not of the loopback interface.
    ours = [endpoint.model_copy(update={"guarded": False}) for endpoint in asked.attached]
    return asked.model_copy(update={"attached": ours, "lead_in_s": LEAD_IN_S})


def measured(share: float, minutes: float) -> Comparison:
    """Start all, carry the run out, write its report, and compare."""
    check_here()
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        with replicas(share, folder) as (direct, *behind), balancer(behind, folder) as two:
            results = carried_out(settings(direct, two, minutes), Console(stderr=True))
    written = write_report(results)
    print(f"report: {written.paths['html']}")
    return written.comparison


def summed_up(comparison: Comparison) -> dict[str, Any]:
    """The ratio of throughput with its interval, how far it is from the predicted one, and what the balancer adds."""
    (against,) = comparison.attached.others
    ratio = against.throughput.ratio if against.throughput else NOTHING
    slower = against.latency.ratio if against.latency else NOTHING
    off = abs(ratio.value / PREDICTED - 1) if ratio.value is not None else math.nan
    figures = judged({"off_the_prediction": (off, WITHIN)})
    one, two = (comparison.entry(name) for name in (ONE, TWO))
    return {
        "run": comparison.suite.run_id,
        "machine": comparison.suite.environment.machine.id,
        "predicted": PREDICTED,
        "ratio": _rounded(ratio.value, ratio.low, ratio.high),
        "requests_per_s": _rounded(*(p.throughput.value if (p := e.at(MANY)) else None for e in (one, two))),
        "p50_ms": _rounded(*(1e3 * (p.p50_s.value or math.nan) if (p := e.alone) else None for e in (one, two))),
        "latency_ratio": _rounded(*(1 / bound if bound else None for bound in (slower.value, slower.high, slower.low))),
        "figures": figures,
        "met": figures["off_the_prediction"]["met"],
    }


def doubts(comparison: Comparison) -> list[str]:
    """Why a point of the run does not count, a sentence each."""
    entries = [comparison.entry(name) for name in (ONE, TWO)]
    return [
        f"{entry.name} with {point.concurrency}: {finding.seen}"
        for entry in entries
        for point in entry.points
        for finding in point.verdict.reasons
    ]


def words(comparison: Comparison) -> Iterator[str]:
    """What was measured, a line each."""
    for name, what in ((ONE, "one replica"), (TWO, f"{PREDICTED:.0f} replicas behind HAProxy")):
        entry = comparison.entry(name)
        many, alone = entry.at(MANY), entry.alone
        rate = full(many.throughput if many else None, significant, "req/s")
        yield f"{what}: {rate} with {MANY} callers, p50 {full(alone.p50_s if alone else None, ms, 'ms')} with {ALONE}"
    (against,) = comparison.attached.others
    ratio = full(against.throughput.ratio if against.throughput else None, significant)
    yield f"times the throughput of one: {ratio}, predicted {PREDICTED:.0f}"


def _rounded(*values: float | None) -> list[float | None]:
    return [None if value is None or math.isnan(value) else round(value, 4) for value in values]


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description="Two replicas behind a balancer, predicted from one and measured.")
    parser.add_argument("--share", type=float, default=SHARE, help="of a core, for each replica")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of the run, after the start of the replicas")
    given = parser.parse_args()
    try:
        comparison = measured(given.share, given.minutes)
    except ServeoffError as error:
        print(f"error: {error}; {error.hint}" if error.hint else f"error: {error}", file=sys.stderr)
        return error.exit_code
    summary = summed_up(comparison)
    for line in (*words(comparison), *doubts(comparison)):
        print(line)
    say(summary["figures"])
    print(json.dumps({"benchmark": "scale", "share": given.share, **summary}))
    return 0 if summary["met"] else 1


if __name__ == "__main__":
    sys.exit(run(main))
