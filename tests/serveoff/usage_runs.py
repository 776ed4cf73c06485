"""Add samples of usage to a synthetic run, from a CPU share and a memory that are known."""

from pathlib import Path

import numpy as np

from serveoff.record.suite import load_suite
from serveoff.record.usage import Usage, write_usage

WARMUP_S, AFTER_S = 0.5, 0.2
IDLE = 0.05


def add_usage(folder, share=0.8, memory_bytes=400e6, growth_bytes=0.0, only=(), restarts=False):
    """Ten samples a second of each visit: `share` of one core in its windows, little outside them.

    Memory is `growth_bytes` more in each round than in the one before; CPU seconds go on from visit to visit, unless
    the server `restarts`.
    """
    suite = load_suite(folder)
    for result in suite.endpoints:
        by_rows = {}
        for window in result.windows:
            by_rows.setdefault(window.rows, []).append(window)
        used_s = 3.0
        for rows, windows in by_rows.items():
            if only and result.endpoint not in only:
                continue
            usage = visit(windows, share, memory_bytes + growth_bytes * (windows[0].round - 1), used_s)
            write_usage(folder, Path(rows), result.endpoint, windows[0].round, [usage])
            used_s = 1.0 if restarts else usage.cpu_s[-1]


def visit(windows, share, memory_bytes, used_s=0.0):
    """The samples of one visit."""
    begin = min(w.start_s for w in windows) - WARMUP_S
    end = max(w.start_s + w.duration_s for w in windows) + AFTER_S
    times = np.arange(begin, end, 0.1)
    within = np.zeros(times.size, bool)
    for w in windows:
        within |= (times >= w.start_s) & (times < w.start_s + w.duration_s)
    cpu = used_s + np.concatenate([[0.0], np.cumsum(np.where(within, share, IDLE)[:-1] * np.diff(times))])
    memory = np.where(within, memory_bytes, 0.9 * memory_bytes)
    return Usage(times.tolist(), cpu.tolist(), memory.astype(int).tolist())
