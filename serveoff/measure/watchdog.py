"""No process outlives the one that started it, even by SIGKILL: a small process waits for that end, and cleans up.

Every process that is started for a run bears its runner's id in its environment, which all that come from it inherit:
gunicorn's workers, TorchServe's frontend and its workers. The watchdog reads a pipe whose other end its runner alone
holds. A child between `fork` and `exec` holds it, too; so when the pipe ends, whatever was started bears the mark.

This file is run by its path and imports nothing of ours, so that it costs little.
"""

import atexit
import os
import re
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

import psutil

MARK: Final = "SERVEOFF_RUNNER"
"""The variable: ids of runners, the innermost last."""
RUNNER: Final = re.compile(r"[0-9a-f]{8}-\d+-(?:t[0-9a-f]{8}|\d+)")
PROC = Path("/proc")
SAME_START_S = 60
"""The start of a process in seconds since the epoch, as the system tells it, moves where the clock is set."""
PASSES = 10
PASS_S = 1.0


@cache
def runner_id() -> str:
    """What names our process among all of all times: machine, process id and start.

    The start is `t` and a digest of its boot and its ticks; where there is no /proc, and in ids of earlier versions, it
    is seconds since the epoch.
    """
    try:
        start = _start(os.getpid())
    except OSError:
        start = str(int(psutil.Process().create_time()))
    return f"{_machine()}-{os.getpid()}-{start}"


def is_gone(runner: str) -> bool:
    """True where the runner of this id was a process of this machine and has ended."""
    machine, pid, start = runner.split("-")
    if machine != _machine():
        return False
    try:
        process = psutil.Process(int(pid))
        return not _began_so(process, start) or process.status() == psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return True
    except (psutil.AccessDenied, PermissionError):  # of another user, whose processes the system hides
        return False


def watched(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child that must not outlive this process."""
    _watchdog()
    return {**environ, MARK: f"{environ.get(MARK, '')} {runner_id()}".strip()}


def kill_marked(doomed: Callable[[str], bool]) -> int:
    """SIGKILL every process one of whose runners is doomed, and all below it; how many there were."""
    killed: set[psutil.Process] = set()
    for _ in range(PASSES):
        found = [process for process in psutil.process_iter() if any(map(doomed, _runners(process)))]
        if not found:
            break
        tree = {*found, *(child for process in found for child in _children(process))}
        for process in tree:
            with suppress(psutil.Error):
                process.kill()
        killed |= tree
        psutil.wait_procs(tree, timeout=PASS_S)
    return len(killed)


def main(runner: str) -> None:
    """Wait for the runner's end, then leave nothing of it."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(signum, signal.SIG_IGN)
    sys.stdin.buffer.read()
    kill_marked(lambda marked: marked == runner)


@cache
def _watchdog() -> subprocess.Popen[bytes]:
    """Our own, started once."""
    process = subprocess.Popen(
        [sys.executable, "-I", str(Path(__file__).resolve()), runner_id()],
        env={name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    atexit.register(process.communicate)
    return process


def _runners(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error, OSError):
        return [found[0] for found in RUNNER.finditer(process.environ().get(MARK, ""))]
    return []


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return process.children(recursive=True)
    return []


def _began_so(process: psutil.Process, start: str) -> bool:
    if start.isdecimal():
        return abs(process.create_time() - int(start)) <= SAME_START_S
    return _start(process.pid) == start


def _start(pid: int) -> str:
    """OSError where it cannot be read. Setting the clock moves neither part of it: proc_pid_stat(5), random(4)."""
    after_name = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2]
    ticks, boot = after_name.split()[19], (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"t{zlib.crc32(f'{boot} {ticks}'.encode()):08x}"


def _machine() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


if __name__ == "__main__":
    main(sys.argv[1])
