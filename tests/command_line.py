"""`serveoff` as a user runs it, with folders of its own and a mark on every process that it starts."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from serveoff.record.suite import Suite, load_suite

MEASURED = (0, 7)
"""The exit codes of a run that measured what it was asked to: 7 says that the machine was too noisy for a VALID point,
which is not for a test to judge that runs beside others."""


@dataclass
class CommandLine:
    """`serveoff` with its own results and reports; every process it starts carries a mark in its environment."""

    folder: Path
    artifacts: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    settings: Mapping[str, str] = field(default_factory=dict)
    """Variables of the environment besides those folders."""

    @property
    def environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "SERVEOFF_E2E": self.mark,
            "SERVEOFF_ARTIFACTS": str(self.artifacts),
            "SERVEOFF_RESULTS": str(self.folder / "results"),
            "SERVEOFF_REPORTS": str(self.folder / "reports"),
            "SERVEOFF_STATE": str(self.folder / "state"),
            **self.settings,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "serveoff", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.environ, stdout=pipe, stderr=pipe, text=True, start_new_session=True)

    def run(self, *arguments: str, timeout: float = 280) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    @property
    def run_folder(self) -> Path:
        (folder,) = (self.folder / "results").iterdir()
        return folder

    @property
    def suite(self) -> Suite:
        return load_suite(self.run_folder)

    def processes(self) -> list[psutil.Process]:
        """Everything alive that this command line started."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("SERVEOFF_E2E") == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def running(self, *words: str) -> list[psutil.Process]:
        """Those of them that have all of these words in their command lines."""
        found = []
        for process in self.processes():
            with suppress(psutil.Error):  # it may end while it is looked at
                command = process.cmdline()
                if all(word in command for word in words):
                    found.append(process)
        return found

    def wait_until(self, condition, process: subprocess.Popen[str], seconds: float = 120):
        """Wait for something a running command does; returns what the condition returned."""
        end = time.monotonic() + seconds
        while not (value := condition()):
            if process.poll() is not None:
                raise AssertionError(f"ended with {process.returncode} too early: {process.communicate()}")
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.02)
        return value
