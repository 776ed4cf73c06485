"""The load generator as a run talks to it: lines to a process and from it."""

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from serveoff.loadtests.generator.commands import Drive, SamplesCommand, parse_command
from serveoff.loadtests.generator.rows import ROWS
from serveoff.loadtests.loads import Load
from serveoff.loadtests.problems import WindowCode
from serveoff.measure.drivers import generator
from serveoff.measure.drivers.generator import Generator, GeneratorFailed
from serveoff.measure.drivers.lines import Lines
from serveoff.measure.runtimes import processes
from serveoff.models.golden import Golden
from serveoff.services.registry import read_registry

ENDPOINT = next(e for d in read_registry(environ={}) if d.name == "torchserve-torchscript" for e in d.endpoints)
DRIVE = Drive(Load(4), 0.01, 0.1, 5.0, 3)
OBEYS = """
import base64, json, sys
print(json.dumps({"event": "ready"}), flush=True)
for line in sys.stdin:
    command = json.loads(line)
    print(line.strip(), file=sys.stderr, flush=True)
    if command["command"] == "endpoint":
        print(json.dumps({"event": "endpoint", "payload": "json", "request_bytes": 7}), flush=True)
    if command["command"] == "slice":
        kinds = {"status": "i4", "bytes_in": "i4", "bytes_out": "i4", "measured": "u1"}
        import numpy
        names = ("due_s", "start_s", "latency_s", "status", "bytes_in", "bytes_out", "measured")
        rows = {n: base64.b64encode(numpy.ones(2, kinds.get(n, "f8")).tobytes()).decode() for n in names}
        done = {"event": "done", "window": {"requests": 2}, "served": 2, "rows": rows}
        sys.stdout.write(json.dumps({"event": "open"}) + "\\n" + json.dumps(done) + "\\n")
        sys.stdout.flush()
"""


@dataclass
class Here:
    """Runs this program instead of Locust."""

    folder: object
    code: str = OBEYS
    begun: list = field(default_factory=list)

    @contextmanager
    def running(self, arguments, log):
        command = [sys.executable, "-c", self.code, *arguments]
        with processes.running(lambda: processes.spawn(command, {}, log, pipes=True)) as process:
            self.begun.append(process)
            yield process

    def address(self, server, port_name):
        return f"127.0.0.1:{server.ports[port_name]}"


@dataclass
class Where:
    ports: dict
    spawned_at: float = 0.0


@pytest.fixture
def at():
    return Where({"rest": 1, "metrics": 2})


def told(folder):
    return [line.split('"')[3] for line in (folder / "logs" / "locust.log").read_text().splitlines() if line[:1] == "{"]


def test_one_process_drives_all_slices_and_is_told_once_where_an_endpoint_is(tmp_path, at):
    client, opened = Here(tmp_path), []
    mine = Generator(client, tmp_path)
    try:
        for _ in range(3):
            driven = mine.drive(ENDPOINT, at, DRIVE, lambda: opened.append(1))
        assert (driven.window, driven.served, len(opened)) == ({"requests": 2}, 2, 3)
        assert {name: column.dtype.str for name, column in driven.rows.items()} == {
            name: np.dtype(kind).str for name, kind in ROWS.items()
        }
        assert mine.request_bytes == {ENDPOINT.name: 7}
    finally:
        mine.close()
    assert len(client.begun) == 1
    assert client.begun[0].returncode is not None
    assert told(tmp_path) == ["endpoint", "slice", "slice", "slice"]


def test_a_server_that_was_started_anew_is_told_of_even_at_the_same_address(tmp_path, at):
    mine = Generator(Here(tmp_path), tmp_path)
    mine.drive(ENDPOINT, at, DRIVE, lambda: None)
    mine.drive(ENDPOINT, Where(at.ports, spawned_at=9.0), DRIVE, lambda: None)
    mine.close()
    assert told(tmp_path) == ["endpoint", "slice", "endpoint", "slice"]


def test_connections_to_a_server_that_is_about_to_end_are_closed_once(tmp_path, at):
    mine = Generator(Here(tmp_path), tmp_path)
    mine.hang_up(ENDPOINT)
    mine.drive(ENDPOINT, at, DRIVE, lambda: None)
    mine.hang_up(ENDPOINT)
    mine.hang_up(ENDPOINT)
    mine.drive(ENDPOINT, at, DRIVE, lambda: None)
    mine.close()
    assert told(tmp_path) == ["endpoint", "slice", "hang up", "endpoint", "slice"]


def test_each_of_its_processes_is_told_first_what_to_send(tmp_path, at):
    samples = Golden({"x": np.zeros((2, 3))}, {"y": np.ones((2, 1))})
    mine = Generator(Here(tmp_path), tmp_path, [SamplesCommand.of("digits_cnn", samples)])
    for _ in range(2):
        mine.drive(ENDPOINT, at, DRIVE, lambda: None)
        mine.close()
    assert told(tmp_path) == 2 * ["samples", "endpoint", "slice"]
    found = parse_command((tmp_path / "logs" / "locust.log").read_bytes().splitlines()[0]).samples
    assert (found.inputs["x"].shape, found.outputs["y"].tolist()) == ((2, 3), [[1.0], [1.0]])


FAILS = {
    "ends": ("import sys; sys.exit(3)", "ended (exit code 3)"),
    "refuses": ("""print('{"event": "ready"}'); print('{"event": "error", "text": "no such endpoint"}', flush=True)
import sys; sys.stdin.read()""", "no such endpoint"),
    "is silent": ("import sys; sys.stdin.read()", "was silent"),
}  # fmt: skip


@pytest.mark.parametrize("how", FAILS)
def test_a_generator_that_fails_is_a_problem_and_the_next_slice_has_another(tmp_path, monkeypatch, at, how):
    code, said = FAILS[how]
    monkeypatch.setattr(generator, "READY_S", 60.0 if how != "is silent" else 0.05)
    client = Here(tmp_path, f"{code}\n")
    mine = Generator(client, tmp_path)
    with pytest.raises(GeneratorFailed) as caught:
        mine.drive(ENDPOINT, at, DRIVE, lambda: None)
    assert said in caught.value.problem.text
    assert caught.value.problem.code is WindowCode.GENERATOR_FAILED
    assert client.begun[0].returncode is not None
    monkeypatch.setattr(generator, "READY_S", 60.0)
    client.code = OBEYS
    assert mine.drive(ENDPOINT, at, DRIVE, lambda: None).served == 2
    mine.close()


def test_a_master_is_begun_with_its_options_and_outlives_a_refusal(tmp_path, at):
    """Its workers would end with it."""
    samples = SamplesCommand.of("digits_cnn", Golden({"x": np.zeros((2, 3))}, {"y": np.ones((2, 1))}))
    refuses = OBEYS.replace('"done"', '"error"')
    client = Here(tmp_path, refuses)
    mine = Generator(client, tmp_path, [samples], master=("--master",))
    try:
        mine.begin()
        for _ in range(2):
            with pytest.raises(GeneratorFailed, match="the load generator failed"):
                mine.drive(ENDPOINT, at, DRIVE, lambda: None)
    finally:
        mine.close()
    assert len(client.begun) == 1
    assert client.begun[0].args[-1] == "--master"
    assert told(tmp_path) == ["samples", "endpoint", "slice", "slice"]


def test_lines_that_came_together_are_read_one_by_one(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntwo\nhalf")
    with path.open("rb") as file:
        lines = Lines(file)
        assert [lines.next(1.0), lines.next(1.0), lines.next(1.0)] == [b"one\n", b"two\n", b""]


def test_a_line_is_waited_for_so_long_and_no_longer():
    command = [sys.executable, "-c", "input()"]
    with (
        processes.running(lambda: processes.spawn(command, {}, -3, pipes=True)) as process,
        pytest.raises(TimeoutError),
    ):
        Lines(process.stdout).next(0.12)
