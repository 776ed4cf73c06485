"""docs/rows.md tells of every column, and its recipes give the figures of the JSON report from the raw rows alone."""

import json
import re
import runpy
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pytest

from serveoff.analyse.analysis import compare
from serveoff.loadtests.loads import Load
from serveoff.loadtests.recording.records import COLUMNS
from serveoff.loadtests.recording.windows import Window
from serveoff.record.raw_rows import read_run_rows
from serveoff.report import write_all
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.variant_runs import add_payload

REPOSITORY = Path(__file__).parent.parent
RECIPES = REPOSITORY / "docs" / "recipes"
DOCUMENT = (REPOSITORY / "docs" / "rows.md").read_text(encoding="utf-8")
MIXED = "flask-torchscript-rest"
"""An endpoint with other loads beside the plain ones."""


def table_after(heading):
    """The cells of a table's rows, after the heading and the rule."""
    _, _, rest = DOCUMENT.partition(f"\n{heading}")
    table = re.search(r"(?:^\|.*\|\n)+", rest, re.MULTILINE)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def type_name(field):
    return str(field.type.value_type if pa.types.is_dictionary(field.type) else field.type)


def test_every_column_is_documented_with_its_type():
    documented = {cells[0].strip("`"): cells[1].strip("`") for cells in table_after("## Columns")}
    assert documented == {field.name: type_name(field) for field in COLUMNS}


def test_every_column_in_a_unit_names_it():
    units = {cells[0].strip("`"): cells[2] for cells in table_after("## Columns")}
    for name, unit in units.items():
        assert not name.endswith("_s") or unit.startswith("s"), name
        assert not name.startswith("bytes") or unit == "bytes", name
    assert all(cells[3] for cells in table_after("## Columns"))


def test_every_field_of_a_slice_that_is_told_of_exists():
    names = {name for cells in table_after("## Slices") for name in re.findall(r"`(\w+)`", cells[0])}
    assert names <= set(Window.model_fields)
    assert {"number", "endpoint", "start", "round", "duration_s", "search", *(f.name for f in fields(Load))} <= names


def test_the_usual_values_are_those_that_are_left_out():
    told = {cells[0].strip("`"): re.search(r"\((.+)\)$", cells[2]) for cells in table_after("## Slices")}
    usual = {name: found[1].strip("`") for name, found in told.items() if found and "," not in name}
    spoken = {"false": False, "none": [], "empty: its own": ""}
    for name, text in usual.items():
        default = Window.model_fields[name].default
        assert default == spoken.get(text, default), name
        assert text in spoken or str(default) == text or float(text) == default, name


@pytest.mark.parametrize("recipe", ["headline_pandas.py", "headline_duckdb.py"])
def test_a_recipe_is_shown_as_it_is(recipe):
    assert f"```python\n{(RECIPES / recipe).read_text(encoding='utf-8')}```" in DOCUMENT


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with open loops, another encoding, batches, a server that was killed, and rows in several parts."""
    faults = Faults(killed=["flask-savedmodel-rest"], never_reached=["flask-tuned-null-rest"])
    folder = write_run(tmp_path_factory.mktemp("rows") / "run", Scenario(), faults)
    add_open_loop(folder, MIXED, (300.0, 600.0))
    add_payload(folder, MIXED, "raw_tensor", speedup=1.5)
    add_payload(folder, MIXED, "", speedup=0.2, batch=8)
    assert len(list((folder / "rows").iterdir())) == 4
    return folder


@pytest.fixture(scope="module")
def report(run, tmp_path_factory):
    paths = write_all(compare(run), tmp_path_factory.mktemp("report"), ["json"])
    return json.loads(paths["json"].read_text(encoding="utf-8"))


def pandas_rows(run):
    table = runpy.run_path(str(RECIPES / "headline_pandas.py"))["headline"](run)
    return {name: tuple(row) for name, *row in table.reset_index().itertuples(index=False)}


def duckdb_rows(run):
    relation = runpy.run_path(str(RECIPES / "headline_duckdb.py"))["headline"](str(run))
    return {name: tuple(row) for name, *row in relation.fetchall()}


@pytest.mark.parametrize("headline", [pandas_rows, duckdb_rows])
def test_a_recipe_recomputes_the_headline_of_the_report(run, report, headline):
    found = headline(run)
    measured = [entry for entry in report["entries"] if entry["points"] and entry["points"][0]["samples"]]
    assert set(found) == {entry["result"]["endpoint"] for entry in measured}
    assert len(found) > 10
    assert sum(entry["points"][0]["p99_s"]["value"] is not None for entry in measured) > 10
    for entry in measured:
        point = entry["points"][0]
        callers, samples, *milliseconds, rate = found[entry["result"]["endpoint"]]
        assert (callers, samples) == (point["concurrency"], point["samples"])
        for percentile, value in zip(("p50_s", "p90_s", "p99_s"), milliseconds, strict=True):
            expected = point[percentile]["value"]
            assert expected is None or value == pytest.approx(expected * 1e3, rel=1e-9)
        assert rate == pytest.approx(point["throughput"]["value"], rel=1e-9)


def test_the_run_has_rows_that_do_not_belong_to_the_headline(run, report):
    entry = next(entry for entry in report["entries"] if entry["result"]["endpoint"] == MIXED)
    assert {point["load"] for point in entry["others"]} >= {"1/raw_tensor", "1x8"}
    raw = read_run_rows(run).column("endpoint").to_pylist().count(MIXED)
    assert raw > 3 * entry["points"][0]["samples"]


@pytest.mark.parametrize("recipe", ["headline_pandas.py", "headline_duckdb.py"])
def test_a_recipe_runs_from_the_command_line(run, recipe):
    done = subprocess.run(
        [sys.executable, RECIPES / recipe, run], capture_output=True, text=True, check=True, timeout=120
    )
    assert MIXED in done.stdout
    assert "p99_ms" in done.stdout
