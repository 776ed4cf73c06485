"""`serveoff serve`: one deployment in the foreground."""

import time
from collections.abc import Mapping

from rich.console import Console

from serveoff.errors import ArtifactFailure, UsageError
from serveoff.interrupts import shielded
from serveoff.loadtests.endpoints import announce, withdraw
from serveoff.measure.artifacts import missing_formats
from serveoff.measure.fleet import Fleet
from serveoff.measure.leftovers import remove_leftovers, temporary_folder
from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.readiness import failure, wait_ready
from serveoff.measure.run_lifecycle import registry_for
from serveoff.measure.runtimes import Server
from serveoff.measure.runtimes.cpus import CpuPlan
from serveoff.measure.runtimes.local import LocalRuntime
from serveoff.measure.runtimes.loopback_ports import port_is_free
from serveoff.record.problems import StartCode
from serveoff.services.registry import Deployment


def servable(name: str, model: str) -> Deployment:
    """The deployment of that name; UsageError for an in-process floor. Needs no export."""
    deployment = find_deployment(registry_for(model), name)
    if not deployment.ports:
        raise UsageError(f"{name} is an in-process floor and has no port", "measure it with: serveoff run")
    return deployment


def serve_forever(deployment: Deployment, model: str, wanted: Mapping[str, int], console: Console) -> None:
    """Serve until Ctrl-C; UsageError for a taken port, ServerFailed where the server ends by itself."""
    name = deployment.name
    if reason := missing_formats(model).get(deployment.format):
        raise ArtifactFailure(f"{name} cannot be served: {reason}", "see: serveoff list")
    ports = {
        port_name: wanted.get(port_name) or deployment.published.get(port_name, 0) for port_name in deployment.ports
    }
    for port_name, port in ports.items():
        if port and not port_is_free(port):
            raise UsageError(f"port {port} is taken", f"choose another with --{port_name}-port, or stop what uses it")
    remove_leftovers(console)
    with temporary_folder() as work:
        settings = {"SERVING_MODEL": model}
        runtime = LocalRuntime(CpuPlan((), ()), work, settings, ports)
        real, note = runtime.resolve(deployment)
        if note:
            console.print(note, style="yellow", highlight=False)
        fleet = Fleet(runtime)
        try:
            _watch(fleet.start(real), console)
        except KeyboardInterrupt:
            console.print(f"{real.name} stops", highlight=False)
        finally:
            with shielded():
                withdraw(real.name)
                fleet.close()
                runtime.close()


def _watch(server: Server, console: Console) -> None:
    console.print(f"{server.deployment.name} starts", highlight=False)
    seconds = wait_ready(server)
    ports = {name: int(address.rpartition(":")[2]) for name, address in server.addresses.items()}
    try:
        announce(server.deployment, ports, server.pid)
    except OSError as error:
        console.print(f"Locust will not find it by its name: {error}", style="yellow", highlight=False, markup=False)
    console.print(f"ready after {seconds:.1f} s; Ctrl-C ends it", highlight=False)
    for name, address in server.addresses.items():
        url = f"http://{address}{server.deployment.path}" if name == "rest" else address
        console.print(f"  {name:10} {url}", highlight=False)
    while not server.ended():
        time.sleep(0.2)
    raise failure(server, StartCode.ENDED, f"ended by itself ({server.ended()})")
