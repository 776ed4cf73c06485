"""Call `python -m models`: training and exporting need the frameworks, which this process never imports."""

from __future__ import annotations

import sys
from functools import partial

from comparison import processes
from comparison.errors import ArtifactFailure
from comparison.interrupts import shielded
from comparison.processes import describe_exit

INTERRUPT_GRACE_S = 10.0


def run_models(*arguments: str) -> None:
    """Run one command of `models` on this terminal; ArtifactFailure where it failed (it has said why)."""
    start = partial(processes.spawn_here, [sys.executable, "-m", "models", *arguments])
    with processes.running(start) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            with shielded():
                processes.interrupt(process, INTERRUPT_GRACE_S)
            raise
    if code != 0:
        raise ArtifactFailure(f"`python -m models {' '.join(arguments)}` failed ({describe_exit(code)})")
