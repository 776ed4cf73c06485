"""What a server truly has, and where that differs from what the run asked for.

Cores, threads and limits are the kernel's word of every process and thread of it; workers, threads of one operation
and batching are the server's own.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from serveoff.measure.audit import procfs
from serveoff.measure.audit.cgroups import cpu_limit, memory_limit
from serveoff.measure.plan.variants import changes, parse_variation
from serveoff.measure.runtimes import Server
from serveoff.record.endpoint_results import OUT_OF_THE_BOX
from serveoff.record.problems import Problem, ResourceCode
from serveoff.record.resources import Container, Resources, cores
from serveoff.record.settings import RunSettings
from serveoff.services.registry import Deployment

UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "workers": ("worker", "workers"),
    "threads_per_worker": ("thread per worker", "threads per worker"),
    "intra_op_threads": ("intra-op thread", "intra-op threads"),
    "batch_size": ("row a batch", "rows a batch"),
    "batch_delay_ms": ("ms for a batch to fill", "ms for a batch to fill"),
}
"""Each setting in words, one and several of it."""
NAMED: Final = 3
"""So many threads with other cores are named."""


def read_resources(
    server: Server, settings: RunSettings, container: Container | None, told: Mapping[str, int]
) -> Resources:
    """Look at a running server; `told` is what it said of itself (serveoff.measure.audit.reported_settings)."""
    threads = procfs.read_threads(server.kernel(procfs.STATUS))
    groups = "" if container else server.kernel(procfs.GROUPS)
    group_limit = container.memory_limit_bytes if container else memory_limit(groups)
    own_limit = procfs.address_space_limit(server.kernel(procfs.LIMITS))
    limits = [size for size in (group_limit, own_limit) if size is not None]
    resources = Resources(
        cpus=_union(threads),
        processes=len({thread.process for thread in threads}) or None,
        os_threads=len(threads) or None,
        cpu_limit=container.cpu_limit if container else cpu_limit(groups),
        memory_limit_bytes=min(limits, default=None),
        asked=asked(settings, server.deployment),
    ).model_copy(update=told)
    problems = [*_core_problems(threads, settings.server_cpus), *_setting_problems(resources)]
    return resources.model_copy(update={"problems": problems})


def look_again(before: Resources, server: Server, settings: RunSettings) -> Resources:
    """The same server after its last round: threads may have come since, and may run elsewhere."""
    threads = procfs.read_threads(server.kernel(procfs.STATUS))
    if not threads:
        return before
    later = {
        "cpus": sorted({*before.cpus, *_union(threads)}),
        "os_threads_at_end": len(threads),
        "problems": list(dict.fromkeys([*before.problems, *_core_problems(threads, settings.server_cpus)])),
    }
    return before.model_copy(update=later)


def asked(settings: RunSettings, deployment: Deployment) -> dict[str, int]:
    """What a deployment was asked to be set to; nothing for a server as it comes, which was asked for nothing.

    One that cannot batch is not asked to.
    """
    values = settings.of_servers | ({} if deployment.batches else {"BATCH_SIZE": "1", "BATCH_DELAY_MS": "0"})
    if deployment.variant:
        variation = parse_variation(deployment.variant)
        if variation.setting == OUT_OF_THE_BOX:
            return {}
        values |= changes(variation, variation.values[0])
    return {name: int(values[name.upper()]) for name in UNITS}


def in_words(name: str, value: int) -> str:
    """`1 worker`, `2 intra-op threads`."""
    return f"{value} {UNITS[name][value != 1]}"


def _union(threads: Sequence[procfs.Thread]) -> list[int]:
    return sorted({cpu for thread in threads for cpu in thread.cpus})


def _core_problems(threads: Sequence[procfs.Thread], cpus: Sequence[int]) -> Iterator[Problem]:
    """One for each set of cores that some threads have and that is not the one asked for."""
    if not cpus:
        return
    by_cores = Counter(thread.cpus for thread in threads)
    for other in sorted(found for found in by_cores if found != tuple(sorted(cpus))):
        names = [f"{t.name} {t.id}" for t in threads if t.cpus == other]
        shown = ", ".join([*names[:NAMED], *(["..."] if len(names) > NAMED else [])])
        many = f"{by_cores[other]} of its {len(threads)} threads ({shown})"
        text = f"{many} may run on {cores(other)}; requested: {cores(sorted(cpus))}"
        yield Problem(code=ResourceCode.CORES, text=text)


def _setting_problems(resources: Resources) -> Iterator[Problem]:
    """A server of one process has no workers to tell of: it has the threads of all workers together.

    How long a batch may wait says nothing of a server that does not batch, and TorchServe's least is a millisecond.
    """
    for name, want in resources.asked.items():
        value = getattr(resources, name)
        if name == "threads_per_worker" and resources.workers is None:
            want *= resources.asked["workers"]
        if name == "batch_delay_ms" and (resources.batch_size in (None, 1) or value == max(want, 1)):
            continue
        if value is not None and value != want:
            text = f"it has {in_words(name, value)}; requested: {want}"
            yield Problem(code=ResourceCode.SETTING, text=text)
