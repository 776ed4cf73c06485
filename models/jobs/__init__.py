"""The parent's side of jobs, each in a process of its own.

Frameworks clash in one process, and a file that nobody vouches for is loaded only there. A job that crashes, hangs or
asks for more memory than there is ends as a reason.
"""

import json
import os
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

from serveoff.models.isolation import isolated, temporary_prefix
from serveoff.models.jobs.child import JobCode, shortened
from serveoff.models.spec import REPOSITORY

DEFAULT_TIMEOUT_S = 600.0
SPARE_ADDRESSES = 48 << 30
"""Frameworks reserve address space that they never use: this much beyond the machine's memory does for all of them."""
MESSAGE_LINES = 2
MOST_LOG_CHARACTERS = 1 << 20
"""Of one job's log, that are kept."""


class JobFailed(Exception):
    """A job did not end well: the reason, the operator if one is to blame, and what to do next if the job knows."""

    def __init__(self, code: JobCode, reason: str, operator: str = "", advice: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason, self.operator, self.advice = code, reason, operator, advice


class Jobs:
    """Starts jobs, from any thread. `timeout_s` is for each of them; `notes` is what they told the user, each once.

    What those that fail have logged goes to the end of the file `kept`, if there is one.
    """

    def __init__(self, timeout_s: float | None = DEFAULT_TIMEOUT_S, kept: Path | None = None) -> None:
        self.timeout_s, self.notes, self._kept = timeout_s, list[str](), kept
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Kill the jobs that still run, and start no more."""
        with self._lock:
            self._closed = True
            for process in self._running:
                process.kill()

    def run(self, job: str, *arguments: str, by: str = "its framework") -> dict[str, Any]:
        """Run `python -m serveoff.models.jobs JOB ARGUMENTS` and return its result; JobFailed where there is none.

        `by` is who reads the file in that process, for the message that it crashed.
        """
        command = isolated(__name__, job, *arguments)
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as log, _scratch() as folder:
            process = self._start(command, output, log, folder)
            try:
                self._wait(process, by)
                output.seek(0)
                result, notes = _result(output.read(), process.returncode, log, by)
            except JobFailed as error:
                self._keep(log, f"{job} by {by}: {error.reason}")
                raise
        self.notes += [note for note in notes if note not in self.notes]
        return result

    def _wait(self, process: subprocess.Popen[str], by: str) -> None:
        try:
            process.wait(self.timeout_s)
        except subprocess.TimeoutExpired:
            raise JobFailed(
                JobCode.TIMED_OUT, f"it took {by} longer than {self.timeout_s:g} s and was stopped"
            ) from None
        finally:
            self._running.discard(process)
            _end(process)

    def _keep(self, log: IO[str], head: str) -> None:
        if self._kept is None:
            return
        log.seek(0)
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        with self._kept.open("a") as kept:
            kept.write(f"== {head}\n{log.read(MOST_LOG_CHARACTERS)}\n")

    def _start(self, command: list[str], output: IO[str], log: IO[str], folder: str) -> subprocess.Popen[str]:
        with self._lock:
            if self._closed:
                raise JobFailed(JobCode.CRASHED, "it was stopped before it began")
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,  # held open, never written: see serveoff.models.jobs.child
                stdout=output,
                stderr=log,
                text=True,
                cwd=REPOSITORY,
                start_new_session=True,
                env={
                    **os.environ,
                    "TMPDIR": folder,
                    "SERVEOFF_JOB_ADDRESS_SPACE": str(psutil.virtual_memory().total + SPARE_ADDRESSES),
                    "TF_CPP_MIN_LOG_LEVEL": "2",
                    "CUDA_VISIBLE_DEVICES": "-1",
                },
            )
            self._running.add(process)
            return process


def _scratch() -> tempfile.TemporaryDirectory[str]:
    """Where a job may leave what it likes, as TensorFlow does; of a runner that was killed, the next run removes it."""
    return tempfile.TemporaryDirectory(prefix=f"{temporary_prefix()}job-", ignore_cleanup_errors=True)


def _end(process: subprocess.Popen[str]) -> None:
    """Kill the job where it still runs, and whatever it left running."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


def _result(output: str, code: int, log: IO[str], by: str) -> tuple[dict[str, Any], list[str]]:
    """What a job gave, and its notes; JobFailed where it gave nothing."""
    lines = output.splitlines()
    answer: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    if code == 0 and "result" in answer:
        return answer["result"], answer.get("notes", [])
    if "refused" in answer:
        refused = answer["refused"]
        raise JobFailed(JobCode(refused["code"]), refused["reason"], refused["operator"], refused.get("advice", ""))
    if code < 0:
        raise JobFailed(JobCode.CRASHED, f"it made {by} crash ({signal.Signals(-code).name}){_last_words(log)}")
    raise JobFailed(JobCode.CRASHED, f"{by} ended the process with exit code {code}{_last_words(log)}")


def _last_words(log: IO[str]) -> str:
    log.seek(0)
    lines = [line.strip() for line in log if line.strip()][-MESSAGE_LINES:]
    return f": {shortened(' '.join(lines))}" if lines else ""
