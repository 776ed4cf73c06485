"""A run's files, damaged in every way: each command that reads a run refuses it in one message, or works."""

import json
import math
import os
import random
import shutil
import tempfile
from base64 import urlsafe_b64encode
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from serveoff.analyse.analysis_file import ANALYSIS_NAME
from serveoff.cli.app import app
from serveoff.cli.commands import deployments
from serveoff.errors import ExitCode, ServeoffError
from serveoff.record.reading import ResultsError, Senseless
from serveoff.record.slices import SLICES_NAME
from serveoff.record.suite import SUITE_NAME
from serveoff.report.phrases import recommendation
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.written_runs import rewrite_rows, rows_file

ENDPOINTS = ("flask-torchscript-rest", "flask-torch-eager-rest", "inprocess-torchscript")
FEW = Scenario(slice_s=0.1, only=ENDPOINTS)
READ = (
    ("show", "run"),
    ("show", "run", "--json"),
    ("report", "run"),
    ("compare", "run", "other"),
    ("compare", "other", "run"),
    ("summary", "run", "another"),
    ("baseline", "run", "baseline.json"),
    ("run", "--resume", "run"),
)
COMPARE = (("compare", "baseline.json", "other"), ("compare", "other", "baseline.json"))
VALUES = (None, math.nan, math.inf, -1, 0, -1e308, 1e308, 10**30, "", "x", [], {}, True)
FUZZED = (40, pytest.param(150, marks=pytest.mark.long))
"""The few are the first of the many."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("made")
    write_run(root / "run", FEW)
    write_run(root / "other", Scenario(slice_s=0.1, only=ENDPOINTS, seed=8))
    write_run(root / "leaving", Scenario(slice_s=0.1, only=(*ENDPOINTS, "flask-onnx-rest"), extra=True))
    another = write_run(root / "another", FEW)
    change(another, lambda suite: suite["settings"].update(model="another"))
    return root


@pytest.fixture
def results(made, tmp_path, monkeypatch):
    """Copies of the runs, in whose folder the commands work."""
    shutil.copytree(made, tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVEOFF_RESULTS", "results")
    monkeypatch.setenv("SERVEOFF_REPORTS", "reports")
    return tmp_path / "results"


@pytest.fixture
def baseline(results):
    """Of the run, which has its analysis from now on."""
    assert ended("baseline", "run", "baseline.json")[0] == 0
    return results.parent / "baseline.json"


def change(folder, edit):
    suite = json.loads((folder / SUITE_NAME).read_text())
    edit(suite)
    (folder / SUITE_NAME).write_text(json.dumps(suite))


def ended(*command):
    """The exit code, and what was said; AssertionError for a defect."""
    result = CliRunner().invoke(app, list(command))
    error = result.exception
    if isinstance(error, ResultsError):
        return ExitCode.RESULTS, str(error)
    if isinstance(error, ServeoffError):
        return error.exit_code, str(error)
    assert error is None or isinstance(error, SystemExit), (command, error)
    return result.exit_code, result.output


def column(name, fill):
    """Rows 5 to 8 of a column, all else as it is."""

    def rewritten(table):
        values = table[name].to_pylist()
        values[5:9] = [fill] * 4
        index = table.schema.get_field_index(name)
        return table.set_column(index, name, pa.array(values, table.schema.field(name).type))

    return rewritten


@pytest.mark.parametrize("name", ["latency_s", "start_s", "intended_start_s"])
@pytest.mark.parametrize("fill", [math.nan, math.inf, -0.001, 1e300, None])
def test_rows_that_no_run_writes_are_refused_and_the_file_is_named(results, name, fill):
    rewrite_rows(results / "run", column(name, fill))
    for command in READ[:-1]:
        code, said = ended(*command)
        assert code == ExitCode.RESULTS
        assert f"000001.parquet has rows that no run writes: their {name}" in said
        assert "restore it from a copy, or measure again" in said


@pytest.mark.parametrize("name", ["slice", "measured", "status", "bytes_in"])
def test_so_are_rows_that_lack_something(results, name):
    rewrite_rows(results / "run", column(name, None))
    code, said = ended("show", "run")
    assert (code, f"their {name}" in said) == (ExitCode.RESULTS, True)


def test_rows_of_another_run_are_told_by_when_they_were_sent(results):
    def later(table):
        moved = (pa.array(table[name].to_numpy() + 600.0) for name in ("intended_start_s", "start_s"))
        for name, values in zip(("intended_start_s", "start_s"), moved, strict=True):
            table = table.set_column(table.schema.get_field_index(name), name, values)
        return table

    rewrite_rows(results / "other", later)
    shutil.copy(rows_file(results / "other"), rows_file(results / "run"))
    for command in READ[:-1]:
        code, said = ended(*command)
        assert code == ExitCode.RESULTS
        assert "rows/ and slices.jsonl are of different runs" in said


def test_slices_of_another_run_are_told_by_their_endpoints(results):
    path = results / "run" / SLICES_NAME
    path.write_text(path.read_text().replace(ENDPOINTS[0], "somebody"))
    for command in READ:
        code, said = ended(*command)
        assert (code, "is of another run: run.json has no endpoint 'somebody'" in said) == (ExitCode.RESULTS, True)


@pytest.mark.parametrize("name", [SUITE_NAME, SLICES_NAME])
@pytest.mark.parametrize("kind", ["half", "empty", "binary", "folder", "pipe", "device", "loop"])
def test_a_file_that_is_none_is_named(results, name, kind):
    path = results / "run" / name
    content = path.read_bytes()
    path.unlink()
    ways = {
        "half": lambda: path.write_bytes(content[: len(content) // 2] + b"\n"),
        "empty": lambda: path.write_bytes(b"\n"),
        "binary": lambda: path.write_bytes(bytes(range(256)) + b"\n"),
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "loop": lambda: path.symlink_to(path.name),
    }
    ways[kind]()
    if (kind, name) == ("loop", SLICES_NAME):
        pytest.skip("a link that leads nowhere is no file of slices")
    for command in READ:
        code, said = ended(*command)
        assert (code, name in said) == (ExitCode.RESULTS, True), (command, said)
    assert ended("runs")[0] == 0, "the others are listed"


@pytest.mark.parametrize("name", ["000001.parquet", "000002.parquet", "1x.parquet"])
def test_a_file_of_rows_that_is_none_stops_no_command(results, name):
    path = results / "run" / "rows" / name
    for content in (b"", b"PAR1", rows_file(results / "run").read_bytes()[:-500]):
        path.write_bytes(content)
        assert [ended(*command)[0] for command in READ[:3]] == [0, 0, 0], "its points are INVALID"
        assert ended("compare", "run", "other")[0] in (0, ExitCode.REGRESSION, ExitCode.RESULTS)


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can become someone who may not read")
def test_a_run_that_may_not_be_read_says_so(made, monkeypatch):
    with tempfile.TemporaryDirectory() as open_to_all:
        run = Path(shutil.copytree(made / "run", Path(open_to_all) / "run"))
        monkeypatch.setenv("SERVEOFF_RESULTS", open_to_all)
        assert ended("show", "run")[0] == 0  # modules are loaded before the rights are dropped
        run.parent.chmod(0o755)
        (run / SUITE_NAME).chmod(0)
        try:
            os.seteuid(65534)
            code, said = ended("show", "run")
        finally:
            os.seteuid(0)
    assert (code, "run.json: Permission denied" in said) == (ExitCode.RESULTS, True)


@pytest.mark.parametrize("kind", ["folder", "pipe", "binary"])
def test_an_analysis_that_is_none_is_made_again_where_it_can_be(results, kind):
    path = results / "run" / "analysis.json"
    {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "binary": lambda: path.write_bytes(b"\0")}[kind]()
    assert ended("show", "run")[0] == 0


@pytest.mark.parametrize("edit", [lambda d: d.pop("source"), lambda d: d.pop("draws"), lambda d: d["entries"].clear()])
def test_a_baseline_without_its_fields_is_refused(baseline, edit):
    document = json.loads(baseline.read_text())
    edit(document)
    baseline.write_text(json.dumps(document))
    for command in COMPARE:
        code, said = ended(*command)
        assert (code, "baseline.json is not a baseline" in said) == (ExitCode.RESULTS, True)


def drawn(count, value):
    """So many floats as an analysis keeps them."""
    return urlsafe_b64encode(np.full(count, value, "<f4").tobytes()).decode()


@pytest.mark.parametrize(
    ("field", "change"),
    [
        *(("value", lambda _, odd=odd: odd) for odd in (0, -1, math.nan, math.inf, 1e308)),
        *(("machine", lambda _, odd=odd: odd) for odd in (-1, math.nan)),
        *((field, lambda _: drawn(1000, 0.0)) for field in ("slices", "start")),
        *((field, lambda _: "") for field in ("slices", "start")),
        ("slices", lambda _: drawn(2000, math.nan)),
        ("slices", lambda _: "no Base64"),
    ],
)
def test_draws_that_no_run_has_are_refused_in_a_baseline_and_made_again_in_a_run(results, baseline, field, change):
    document = json.loads(baseline.read_text())
    for one in document["draws"]:
        one[field] = change(one[field])
    for path in (baseline, results / "run" / ANALYSIS_NAME):
        path.write_text(json.dumps(document))
    for command in COMPARE:
        code, said = ended(*command)
        assert (code, "baseline.json is not a baseline" in said) == (ExitCode.RESULTS, True)
        assert f".{field}" in said
    assert ended("compare", "run", "other")[0] in (0, ExitCode.REGRESSION)


def decision(document):
    return document["comparison"]["decision"]


UNRESOLVED = {
    "nobody is recommended": lambda d: decision(d).update(recommended="nobody"),
    "nobody is tied": lambda d: decision(d).update(tied_with=["nobody"]),
    "no rows": lambda d: decision(d)["matrix"].update(rows=[]),
    "a row of nobody": lambda d: decision(d)["matrix"]["rows"][1].update(endpoint="nobody"),
    "no cells": lambda d: decision(d)["matrix"]["rows"][0].update(cells={}),
    "a statement on nobody": lambda d: decision(d)["statements"][0].update(endpoints=[]),
    "no rounds": lambda d: d["comparison"]["by_round"][0].update(p50_s={}),
    "rounds of nobody": lambda d: d["comparison"]["by_round"][0].update(endpoint="nobody"),
    "no way out": lambda d: [way.update(entry=None) for way in d["comparison"]["leaving"]["ways"]],
    "evidence of nobody": lambda d: [e.update(mine="nobody") for c in d["comparison"]["claims"] for e in c["exhibits"]],
    "an entry less": lambda d: d["comparison"]["entries"].pop(),
    "a point of another": lambda d: d["entries"][0]["points"][0].update(endpoint=ENDPOINTS[1]),
    "draws of nobody": lambda d: d["draws"][0].update(endpoint="nobody"),
}


@pytest.mark.parametrize("fault", UNRESOLVED)
def test_an_analysis_that_mentions_what_it_lacks_is_made_again_and_is_no_baseline(results, fault):
    path = results / "leaving" / ANALYSIS_NAME
    whole = ended("show", "leaving", "--json")
    document = json.loads(path.read_text())
    UNRESOLVED[fault](document)
    for place in (path, results.parent / "baseline.json"):
        place.write_text(json.dumps(document))
    assert ended("show", "leaving", "--json") == whole
    assert json.loads(path.read_text()) != document
    code, said = ended("compare", "baseline.json", "leaving")
    assert (code, "baseline.json is not a baseline" in said) == (ExitCode.RESULTS, True)


SETTINGS = {
    "seed": -1,
    "concurrencies": [],
    "objective_quantile": 2,
    "slice_s": 0,
    "rounds": 0,
    "starts": -1,
    "open_shares": [-0.5],
    "batches": [0],
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_no_run_can_have_are_refused_and_named(results, name):
    change(results / "run", lambda suite: suite["settings"].update({name: SETTINGS[name]}))
    for command in READ:
        code, said = ended(*command)
        assert (code, f"run.json cannot be read at settings.{name}" in said) == (ExitCode.RESULTS, True)


def test_so_is_a_load_that_is_none(results):
    left_out = {"x": {"code": "too large", "text": "a request would have 5 GB"}}
    change(results / "run", lambda suite: suite["endpoints"][0].update(left_out=left_out))
    code, said = ended("report", "run")
    assert (code, "'x' is not a load" in said) == (ExitCode.RESULTS, True)


@pytest.mark.parametrize("error", [AttributeError, AssertionError, StopIteration, RuntimeError, KeyError])
def test_what_makes_no_sense_may_be_a_defect_and_its_cause_and_place_are_kept(results, monkeypatch, error):
    def mistaken(_):
        raise error("nobody")

    monkeypatch.setattr(recommendation, "head", mistaken)
    result = CliRunner().invoke(app, ["show", "run"])
    said, cause = str(result.exception), result.exception.__cause__
    assert (type(result.exception), type(cause)) == (Senseless, error)
    assert said.startswith(f"run run cannot be read: its contents make no sense ({error.__name__}: ")
    assert "at cli/answer.py:" in said
    assert "delete analysis.json" in said
    assert "or measure again" in said
    assert "it is a defect of serveoff" in said


def places(thing, path=()):
    """Where a value stands in a document: of lists, the first three."""
    if path:
        yield path
    inner = thing.items() if isinstance(thing, dict) else enumerate(thing[:3]) if isinstance(thing, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def put(document, place, value):
    """The document with another value, or none, in a place."""
    copy = json.loads(json.dumps(document))
    *way, last = place
    within = copy
    for key in way:
        within = within[key]
    within[last] = value
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("fuzzed", FUZZED)
@pytest.mark.parametrize(
    ("name", "commands"),
    [
        (f"run/{SUITE_NAME}", READ[:-1]),
        (f"run/{SLICES_NAME}", READ[:-1]),
        (f"run/{ANALYSIS_NAME}", READ[:-1]),
        ("../baseline.json", COMPARE),
    ],
)
def test_whatever_a_value_becomes_each_command_refuses_or_works(results, baseline, name, commands, fuzzed):
    draw = random.Random(name)
    path = results / name
    lines = path.read_text().splitlines() if path.name == SLICES_NAME else [path.read_text()]
    documents = [json.loads(line) for line in lines]
    choices = sorted({place for document in documents for place in places(document)}, key=repr)
    for _ in range(fuzzed):
        place, value = draw.choice(choices), draw.choice(VALUES)
        changed = [put(document, place, value) if has(document, place) else document for document in documents]
        path.write_text("".join(json.dumps(document) + "\n" for document in changed))
        shutil.rmtree(results.parent / "reports", ignore_errors=True)
        codes = {command: ended(*command)[0] for command in draw.sample(commands, 2)}
        allowed = {0, ExitCode.USAGE, ExitCode.RESULTS, ExitCode.REGRESSION}
        assert set(codes.values()) <= allowed, (place, value, codes)


def has(document, place):
    try:
        for key in place[:-1]:
            document = document[key]
        document[place[-1]]
    except (KeyError, IndexError, TypeError):
        return False
    return True


HOSTILE = "\x1b[2J\x9b\u202e[red]"


def assert_harmless(said):
    assert "1b" in said, "it is written out"
    assert all(c.isprintable() or c in "\n\u00a0" for c in said)


@pytest.mark.parametrize("command", [("show", "run"), ("runs",), ("show", "run", "--json")])
def test_no_control_character_of_a_run_reaches_the_terminal(results, command):
    change(results / "run", lambda suite: suite.update(run_id=HOSTILE))
    change(results / "run", lambda suite: suite["settings"].update(model=HOSTILE, profile=HOSTILE))
    code, said = ended(*command)
    assert code == 0
    assert_harmless(said)


def test_nor_does_one_of_two_runs_that_are_compared(results):
    change(results / "run", lambda suite: suite.update(run_id=HOSTILE))
    change(results / "run", lambda suite: suite["environment"]["machine"].update(cpu_model=HOSTILE))
    code, said = ended("compare", "other", "run")
    assert code in (0, ExitCode.REGRESSION)
    assert said.count(r"\x1b[2J") == 2
    assert_harmless(said)


def test_nor_one_of_a_model_that_was_imported(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(deployments, "notes", lambda model: (f"its output is called {HOSTILE}",))
    monkeypatch.setattr(deployments, "missing_formats", lambda model: {"torchscript": HOSTILE})
    code, said = ended("list")
    assert code == 0
    assert said.count(r"\x1b[2J") >= 2
    assert_harmless(said)
