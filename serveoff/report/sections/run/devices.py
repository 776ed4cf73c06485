"""Where each deployment computed, loud where a GPU was asked for and another device answered."""

from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.report.phrases.cells import DASH, Cell
from serveoff.report.phrases.names import each_once
from serveoff.report.phrases.numbers import NONE

GPU: Final = "cuda"
UNSAID: Final = "not said"


def gpu_asked(comparison: Comparison) -> bool:
    """The run was to compute on a GPU."""
    return comparison.suite.settings.device == GPU


def worth_a_column(comparison: Comparison) -> bool:
    """A GPU was asked for, or found; where all is CPU, a line in the environment says so."""
    return gpu_asked(comparison) or any(_on_gpu(entry) for entry in comparison.entries)


def device_cell(comparison: Comparison, entry: Entry) -> Cell:
    """The device; good or bad only where a GPU was asked for. The null service computes nothing."""
    if not _computes(entry):
        return DASH
    tone = ("good" if _on_gpu(entry) else "bad") if gpu_asked(comparison) else ""
    return Cell(entry.result.device or UNSAID, tone=tone)


def devices(comparison: Comparison) -> str:
    """Which deployments computed where, by what their servers said."""
    found: dict[str, dict[str, None]] = {}
    for entry in filter(_computes, comparison.entries):
        found.setdefault(entry.result.device or UNSAID, {})[entry.result.deployment] = None
    if len(found) == 1:
        return f"{next(iter(found))}: all deployments"
    return "; ".join(f"{device}: {', '.join(names)}" for device, names in found.items()) or NONE


def accelerators(comparison: Comparison) -> str:
    """The machine's GPUs; runs of before they were recorded may have computed on one all the same."""
    known = each_once(comparison.suite.environment.machine.accelerators)
    return known or ("not recorded" if any(_on_gpu(entry) for entry in comparison.entries) else "none")


def fell_back(comparison: Comparison) -> str:
    """The warning that a GPU was asked for and some did not compute on it; empty where all did."""
    names = dict.fromkeys(
        f"{entry.result.deployment} ({entry.result.device or UNSAID})"
        for entry in filter(_computes, comparison.entries)
        if not _on_gpu(entry)
    )
    if not gpu_asked(comparison) or not names:
        return ""
    return f"A GPU was requested, but these did not compute on one: {', '.join(names)}. Their points are INVALID."


def _computes(entry: Entry) -> bool:
    return entry.role != "null" and entry.result.cold_start is not None


def _on_gpu(entry: Entry) -> bool:
    return (entry.result.device or "").startswith(GPU)
