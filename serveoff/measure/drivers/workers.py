"""Load workers on other hosts: what a run tells Locust's master of them, and what it waits for before it begins."""

from collections.abc import Mapping
from typing import Final

from serveoff.errors import LoadGeneratorFailure, UsageError
from serveoff.loadtests.generator.commands import SamplesCommand
from serveoff.loadtests.samples import read_samples, spec_of
from serveoff.measure.drivers.generator import WORKERS_S, GeneratorFailed
from serveoff.measure.run import Run
from serveoff.measure.runtimes.loopback_ports import can_listen
from serveoff.models.golden import Golden
from serveoff.record.settings import RunSettings

ANY: Final = ("0.0.0.0", "::", "*", "")


def check_workers(settings: RunSettings) -> None:
    """Refuse addresses that cannot be listened on, and servers that workers cannot reach."""
    if settings.server_host in ANY:
        raise UsageError("--server-host is every address", "name one, which load workers can reach")
    if not can_listen(settings.server_host):
        raise UsageError(f"{settings.server_host} is no address of this machine", "see them with: ip address")
    if settings.expect_workers and settings.runtime == "docker":
        raise UsageError("load workers cannot reach a run's own containers", "use local servers or --url")
    if settings.expect_workers and not can_listen(settings.master_bind_host, settings.master_bind_port):
        where = f"{settings.master_bind_host}:{settings.master_bind_port}"
        raise UsageError(f"{where} is in use, or no address of this machine", "choose another --master-bind-port")


def master_options(settings: RunSettings) -> tuple[str, ...]:
    """Options of Locust; none where load comes from one process of this machine."""
    if not settings.expect_workers:
        return ()
    waits = ("--expect-workers", str(settings.expect_workers), "--expect-workers-max-wait", str(WORKERS_S))
    where = ("--master-bind-host", settings.master_bind_host, "--master-bind-port", str(settings.master_bind_port))
    return ("--master", *waits, *where)


def told_samples(settings: RunSettings, unseen: Mapping[str, Golden]) -> list[SamplesCommand]:
    """What the load generator is told to send: other hosts have neither golden inputs nor models of their own."""
    far = bool(settings.expect_workers)
    known = {} if unseen or settings.samples or not far else {settings.model: read_samples(settings.model)}
    return [
        SamplesCommand.of(model, samples, spec_of(model) if far else None, bool(unseen))
        for model, samples in (unseen or known).items()
    ]


def await_workers(run: Run) -> None:
    """Go on once as many have joined as are expected."""
    s = run.settings
    if not s.expect_workers:
        return
    start = f"serveoff load-worker --master-host {s.master_bind_host} --master-port {s.master_bind_port}"
    run.progress.note(f"waiting for {s.expect_workers} load workers; on each host: {start}")
    try:
        run.generator.begin()
    except GeneratorFailed as error:
        raise LoadGeneratorFailure(str(error), f"on each host: {start}") from None
