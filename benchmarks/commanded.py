"""The load generator as a benchmark has it: a process on cores of its own, told slice by slice what to drive."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serveoff.loadtests.generator.rows import Rows, decoded
from serveoff.measure.runtimes import processes
from serveoff.models.isolation import isolated

LOCUSTFILE = Path(__file__).parent.parent / "loadtests" / "locustfile.py"


@dataclass(frozen=True)
class Slice:
    """What came of one: fields of a Window, and its rows."""

    window: dict[str, Any]
    rows: Rows

    def measured(self) -> Rows:
        """The rows that count."""
        inside = self.rows["measured"] == 1
        return {name: column[inside] for name, column in self.rows.items()}

    def waited_s(self) -> np.ndarray:
        """Seconds from when each good answer's request was due to its end."""
        rows = self.measured()
        waited: np.ndarray = (rows["start_s"] - rows["due_s"] + rows["latency_s"])[rows["status"] == 200]
        return waited


class Commanded:
    """Drives the null deployment, wherever that is."""

    def __init__(self, process: subprocess.Popen[str], port: int, model: str) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._commands, self._events = process.stdin, process.stdout
        self._read("ready")
        fields = {"host": "127.0.0.1", "port": port, "model": model, "path": f"/v1/models/{model}:predict"}
        self._tell(command="endpoint", target={"name": "null", "protocol": "rest", "format": "null", **fields})
        self._read("endpoint")

    def slice(self, load: str, duration_s: float, lead_in_s: float = 0.2, seed: int = 1) -> Slice:
        """Drive one; RuntimeError where that failed."""
        asked = {"lead_in_s": lead_in_s, "duration_s": duration_s, "seed": seed}
        self._tell(command="slice", endpoint="null", load=load, **asked)
        self._read("open")
        event = self._read("done")
        return Slice(event["window"], decoded(event["rows"]))

    def _tell(self, **command: Any) -> None:
        self._commands.write(json.dumps(command) + "\n")
        self._commands.flush()

    def _read(self, wanted: str) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self._events.readline() or '{"event": "ended"}')
        if event["event"] != wanted:
            raise RuntimeError(f"the load generator failed: {event}")
        return event


@contextmanager
def commanded(cpus: Sequence[int], port: int, model: str, locustfile: Path = LOCUSTFILE) -> Iterator[Commanded]:
    """Its process lasts as long as the body."""
    command = isolated("locust", "-f", str(locustfile), "--headless", "--commands", "--loglevel", "ERROR")
    with processes.on_cpus(tuple(cpus)):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Commanded(process, port, model)
    finally:
        process.kill()
        process.communicate()
