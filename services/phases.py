"""The phases of a server's start, one line each in its log: `serveoff-phase <name> <seconds since process start>`.

    worker     the process that computes has started, where another is the server's first (TorchServe's frontend)
    imported   the framework's modules are there
    loaded     the model is in memory and has computed once, or for a SavedModel's session is built
    warmed     the warm-up calls are done (no such line with SERVING_WARMUP=0)
    listening  requests are taken from here on

The seconds count from the start of the process that imported this module first, so that a worker forked from it counts
from the server's start, and they include the interpreter's own. A server that starts its workers as programs of their
own gives them `start_of_server`, and they count from its start, too. On Linux that start is known to 10 ms (the
kernel's clock ticks, proc(5), `starttime`). A line goes to stderr in one piece; servers that write their workers'
output into a log of their own may put a prefix before it.
"""

import os
import sys
import time
from pathlib import Path

MARK = "serveoff-phase"
VARIABLE = "SERVEOFF_STARTED_S"
"""The server's start, for a worker that is not forked from it: seconds of the monotonic clock, which all processes of
a machine share."""
_STAT = Path("/proc/self/stat")
_STARTTIME = 19
"""The field's place among those after the command's name, which may hold spaces and ends with a parenthesis."""


def _age_s() -> float:
    """Seconds since this process started."""
    if sys.platform == "linux":
        ticks = int(_STAT.read_text().rpartition(")")[2].split()[_STARTTIME])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    import psutil  # the images are Linux, and have none

    return time.time() - psutil.Process().create_time()


_OWN_START_S = time.monotonic() - _age_s()
_STARTED_S = float(os.environ.get(VARIABLE) or _OWN_START_S)


def announce(name: str) -> None:
    """Say that a phase has ended."""
    _write(name, time.monotonic())


def announce_worker() -> None:
    """Say when this process started; nothing where it is the server's first."""
    if os.environ.get(VARIABLE):
        _write("worker", _OWN_START_S)


def start_of_server() -> dict[str, str]:
    """The environment by which a worker counts from the start of this process."""
    return {VARIABLE: f"{_STARTED_S:.3f}"}


def _write(name: str, instant_s: float) -> None:
    sys.stderr.write(f"{MARK} {name} {instant_s - _STARTED_S:.3f}\n")
    sys.stderr.flush()
