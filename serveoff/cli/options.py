"""What the options of `serveoff run` mean: models, lists of numbers, an objective, the settings of a run."""

import re
from typing import Final

from serveoff.cli.attached_options import attached_settings
from serveoff.cli.run_options import RunOptions
from serveoff.errors import UsageError
from serveoff.measure.plan.profiles import run_settings
from serveoff.measure.plan.variants import parse_variation
from serveoff.measure.runtimes import find_runtime
from serveoff.measure.runtimes.cpus import plan_cpus
from serveoff.models import catalog
from serveoff.record.settings import RunSettings
from serveoff.services.registry import read_registry

ALL: Final = "all"
_OBJECTIVE = re.compile(r"p(?P<percent>\d{1,2}(?:\.\d+)?):(?P<bound>\d+(?:\.\d+)?)(?P<unit>ms|s)")
MOST_OVERLOAD = 150
"""Percent of the closed loop's best rate: beyond it an open loop only grows a queue."""

MOST_PERCENT = 99.99
"""One beyond takes more samples than a run has."""
MOST_BOUND_S = 5.0
"""A request is given up after 10 s: a bound near that could not be seen to fail."""


def settings_of(asked: RunOptions) -> RunSettings:
    """What the options of `serveoff run` ask for, of a first or only model; UsageError says which cannot be."""
    find_runtime(asked.runtime)
    cpus = plan_cpus(asked.server_cpus, asked.client_cpus)
    plain = {name: value for name, value in vars(asked).items() if name in RunSettings.model_fields}
    read = {
        "device": "cuda" if asked.gpu else "cpu",
        "server_cpus": cpus.server,
        "client_cpus": cpus.client,
        "slice_s": asked.duration,
        "warmup_s": asked.warmup,
        "concurrencies": numbers(asked.concurrency, 1024),
        "open_shares": shares(asked.open_loop),
        "batches": numbers(asked.batches, 256),
        "extra": further_formats(asked.extra),
        "vary": None if asked.vary is None else [parse_variation(text).text for text in asked.vary],
        "intra_op_threads": asked.threads,
        "batch_delay_ms": asked.batch_delay,
    }
    given = {k: v for k, v in (plain | read | objective(asked.objective)).items() if v is not None}
    usual, fixed = attached_settings(asked)
    return run_settings(**(usual | given | fixed))


def models_of(text: str) -> tuple[str, ...]:
    """One model, several between commas, or the zoo's for `all`. Whether they exist is asked where a run is checked."""
    if text == ALL:
        return tuple(filter(catalog.is_zoo, catalog.names()))
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip()))) or (text,)


def numbers(text: str | None, most: int) -> list[int] | None:
    """`1,4,16`, in order and without repetition; 0 alone is none; None stays None."""
    if text is None:
        return None
    try:
        found = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise UsageError(f"{text!r} is not a list of numbers", "write it as 1,4,16") from None
    if found == [0]:
        return []
    if not 1 <= found[0] <= found[-1] <= most:
        raise UsageError(f"{text} is out of range", f"use 1 to {most}")
    return found


def further_formats(text: str | None) -> list[str] | None:
    """`onnx,torch_export`, formats that are measured only where they are asked for; `none` is none."""
    if text is None:
        return None
    known = list(dict.fromkeys(d.format for d in read_registry() if d.extra))
    found = [name for part in text.split(",") if (name := part.strip()) not in ("", "none")]
    if unknown := [name for name in found if name not in known]:
        raise UsageError(f"{unknown[0]!r} is no further format", f"there are: {', '.join(known)}")
    return [name for name in known if name in found]


def shares(text: str | None) -> list[float] | None:
    """Percents as shares of one."""
    found = numbers(text, MOST_OVERLOAD)
    return None if found is None else [number / 100 for number in found]


def objective(text: str | None) -> dict[str, float | int]:
    """The settings that `p99:10ms` stands for; `none` is an objective without a search, and None changes nothing."""
    if text is None:
        return {}
    if text == "none":
        return {"probes": 0}
    found = _OBJECTIVE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is not an objective", "write it as p99:10ms or p95:0.5s, or none")
    percent, bound_s = float(found["percent"]), float(found["bound"]) / (1000 if found["unit"] == "ms" else 1)
    if not 1 <= percent <= MOST_PERCENT or not 0 < bound_s <= MOST_BOUND_S:
        raise UsageError(f"{text!r} is out of range", f"use p1 to p{MOST_PERCENT:g}, and at most {MOST_BOUND_S:g} s")
    return {"objective_quantile": round(percent / 100, 6), "objective_bound_s": bound_s}
