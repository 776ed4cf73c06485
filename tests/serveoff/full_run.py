"""A synthetic run of the size of the full profile: every endpoint, six concurrencies, every other load, variants."""

from pathlib import Path

from serveoff.record.suite import load_suite
from serveoff.services.registry import read_registry
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.variant_runs import add_payload, add_variant

SHARES = (0.3, 0.5, 0.8)
PROBES = (0.1, 0.2, 0.35, 0.5, 0.7, 0.8, 0.9, 1.05)
VARIANTS = ("workers=2", "workers=4", "batching=16")
CONCURRENCIES = (1, 2, 4, 8, 16, 32)


def write_full_run(folder: Path, slice_s: float = 0.1, rounds: int = 15, starts: int = 3) -> Path:
    """The slices of plan.plan's full profile, fewer; each server's first endpoint has its variants."""
    write_run(folder, Scenario(slice_s=slice_s, rounds=rounds, starts=starts, concurrencies=CONCURRENCIES))
    served = [e for e in load_suite(folder).endpoints if e.protocol != "call" and e.format != "null"]
    varied = {e.server: e.endpoint for e in reversed(served)}.values()
    for number, result in enumerate(served):
        mean_s = 1 / _best(result)
        rates = {
            part: [float(f"{share / mean_s:.3g}") for share in shares] for part, shares in ((1, SHARES), (2, PROBES))
        }
        for part, asked in rates.items():
            add_open_loop(folder, result.endpoint, asked, part == 2, mean_s=mean_s, duration_s=0.3, seed=number)
        add_payload(folder, result.endpoint, "raw_tensor", speedup=1.4)
        add_payload(folder, result.endpoint, "", speedup=0.3, batch=8)
        add_payload(folder, result.endpoint, "", speedup=0.1, batch=32)
        for variant in (*(VARIANTS if result.endpoint in varied else ()), "defaults"):
            add_variant(folder, result.endpoint, variant, speedup=1.2, concurrencies=(1, 32))
    return folder


def endpoints() -> int:
    """How many endpoints the registry has, floors too."""
    return sum(len(d.endpoints) for d in read_registry(environ={}))


def _best(result):
    windows = [w for w in result.windows if w.round == 1 and w.load.plain]
    return max(w.requests / w.duration_s for w in windows)
