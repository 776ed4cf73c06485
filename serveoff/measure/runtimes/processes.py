"""Child processes in process groups of their own: started on chosen cores, frozen, and stopped without orphans."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from serveoff.interrupts import shielded
from serveoff.measure.audit.process_tree import process_tree
from serveoff.measure.watchdog import watched

STOP_GRACE_S = 10.0
DEATH_S, DEATH_POLL_S = 5.0, 0.02
"""How long a process that was killed may take to die, and how often it is looked at."""


@contextmanager
def on_cpus(cpus: Sequence[int]) -> Iterator[None]:
    """Run the body, and start its children, on these cores.

    A child inherits its parent's affinity from its first instruction on, without code between fork and exec.
    """
    if not hasattr(os, "sched_setaffinity") or not cpus:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def spawn(
    command: Sequence[str],
    environ: Mapping[str, str],
    log: Path | int,
    cpus: Sequence[int] = (),
    pipes: bool = False,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command as the leader of its own session; with `pipes`, its stdin and stdout are ours.

    It ends with us, however we end.
    """
    with on_cpus(cpus), _log_file(log) as stderr:
        return subprocess.Popen(
            command,
            env=watched(environ),
            cwd=cwd,
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipes else stderr,
            stderr=stderr,
            start_new_session=True,
        )


@contextmanager
def running(start: Callable[[], subprocess.Popen[bytes]]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process for the body and stop its group afterwards, at whatever instant an interrupt comes."""
    process = None
    try:
        with shielded():
            process = start()
        yield process
    finally:
        if process is not None:
            with shielded():
                stop(process)


def run_here(
    command: Sequence[str], grace_s: float, cwd: Path | None = None, environ: Mapping[str, str] | None = None
) -> int:
    """Run a command that writes to our own terminal; its exit code.

    It has a session of its own, so that we decide what stops it: Ctrl-C interrupts it and waits for `grace_s` seconds.
    """

    def start() -> subprocess.Popen[bytes]:
        env = watched(os.environ if environ is None else environ)
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=cwd, env=env, start_new_session=True)

    with running(start) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            with shielded():
                interrupt(process, grace_s)
            raise


def signal_group(process: subprocess.Popen[bytes], signum: int) -> None:
    """Send a signal to the whole group; a group that is gone is fine."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signum)


def freeze(process: subprocess.Popen[bytes]) -> None:
    """Stop the group where it stands: it keeps its memory and uses no CPU."""
    signal_group(process, signal.SIGSTOP)


def thaw(process: subprocess.Popen[bytes]) -> None:
    """Let a frozen group go on."""
    signal_group(process, signal.SIGCONT)


def move(pids: Iterable[int], cpus: Sequence[int]) -> None:
    """Let every thread of these processes run on these cores; what they start from then on runs there, too."""
    if not hasattr(os, "sched_setaffinity") or not cpus:
        return
    moved: set[int] = set()
    while fresh := {thread for pid in pids for thread in _threads(pid)} - moved:
        for thread in fresh:
            with suppress(OSError):
                os.sched_setaffinity(thread, cpus)
        moved |= fresh


def stop(process: subprocess.Popen[bytes], grace_s: float = STOP_GRACE_S) -> None:
    """End the group: SIGTERM, and SIGKILL for whatever of its tree is left when the grace is over."""
    stop_all([process], grace_s)


def stop_all(leaders: Sequence[subprocess.Popen[bytes]], grace_s: float) -> None:
    """End these groups together: all are asked before the first is waited for, and all share one grace."""
    members = [member for leader in leaders for member in process_tree(leader.pid)]
    for leader in leaders:
        signal_group(leader, signal.SIGTERM)
    for leader in leaders:
        thaw(leader)
    deadline_s = time.monotonic() + grace_s
    for leader in leaders:
        with suppress(subprocess.TimeoutExpired):
            leader.wait(max(0.0, deadline_s - time.monotonic()))
    _, alive = psutil.wait_procs(members, timeout=0 if any(leader.returncode is None for leader in leaders) else 0.5)
    for leader in leaders:
        signal_group(leader, signal.SIGKILL)
    for member in alive:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    for leader in leaders:
        leader.wait()
        _close_pipes(leader)
    _wait_until_dead(alive)


def _wait_until_dead(killed: Sequence[psutil.Process]) -> None:
    """Until none runs; whose they have become, once their leader is gone, may take seconds to bury them."""
    deadline_s = time.monotonic() + DEATH_S
    while any(map(_lives, killed)) and time.monotonic() < deadline_s:
        time.sleep(DEATH_POLL_S)


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def interrupt(process: subprocess.Popen[bytes], grace_s: float) -> None:
    """Ask a child to finish as Ctrl-C would, and wait; after the grace it is stopped."""
    signal_group(process, signal.SIGINT)
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        stop(process, grace_s=1.0)


def describe_exit(returncode: int) -> str:
    """`exit code 3` or `killed by SIGKILL`."""
    if returncode >= 0:
        return f"exit code {returncode}"
    return f"killed by {signal.Signals(-returncode).name}"


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, for an error message."""
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").rstrip().splitlines()[-lines:])
    return ""


def _threads(pid: int) -> list[int]:
    """The threads of a process; none of one that is gone."""
    with suppress(OSError):
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    return []


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


@contextmanager
def _log_file(log: Path | int) -> Iterator[IO[bytes] | int]:
    if isinstance(log, int):
        yield log
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        yield file
