"""What a report says of containers; and that a report of processes has none of it."""

import csv
import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.studies import cold_start
from serveoff.report import charts, write_all
from serveoff.report.charts import cold_start as cold_start_chart
from serveoff.report.sections import cold_starts, excluded, resources
from serveoff.report.sections.run import containers, devices, environment, method, resource_audit
from tests.serveoff.problems import cores
from tests.serveoff.report.conftest import Rendered
from tests.serveoff.report.page import Page
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.synthetic_containers import ENGINE, HEADERS

NAMES = (
    "flask-torchscript-rest",
    "tfserving-embedded-savedmodel-grpc",
    "inprocess-torchscript",
    "flask-tuned-null-rest",
)
SCENARIO = Scenario(slice_s=0.1, concurrencies=(1, 4), only=NAMES, runtime="docker")
OF_PROCESSES = ("SIGSTOP", "loopback", "process tree", "spawn")
OF_CONTAINERS = ("docker", "container", "Throttled", "Network in", "Engine start")


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("containers")
    comparison = compare(write_run(folder / "run", SCENARIO))
    return Rendered(comparison, write_all(comparison, folder / "report"))


def facts(comparison):
    return {fact.term: fact.text for fact in method.facts(comparison)} | {
        f"{fact.term} (environment)": fact.text for fact in environment.environment(comparison)
    }


def column(table, title):
    index = [c.title for c in table.columns].index(title)
    return [row[index] for row in table.rows]


def by_endpoint(comparison, table, title):
    return dict(zip((e.name for e in comparison.entries), column(table, title), strict=True))


def titles(table):
    return [c.title for c in table.columns]


def test_method_and_environment_say_what_ran_where(clean):
    said = facts(clean.comparison)
    for text in (said["Runtime"], said["Runtime (environment)"]):
        assert ENGINE in text
        assert "Locust" in text
    assert "no port of the host lies in the path" in said["Runtime"]
    assert "one awake at a time" in said["Runtime (environment)"]
    assert "paused (`docker pause`)" in said["Rounds"]
    for form in ("html", "markdown"):
        assert "every container had core 0, no CPU limit and a memory limit of 4 GiB" in clean[form]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"load_from": "host"}, "Locust ran as a process of the host"),
        ({"together": True}, "All deployments were up and awake at once"),
    ],
)
def test_how_the_load_was_made_is_said(tmp_path, changes, said):
    scenario = replace(SCENARIO, only=NAMES[:1], slice_s=0.02, concurrencies=(1,), **changes)
    assert any(said in text for text in facts(compare(write_run(tmp_path / "run", scenario))).values())


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_a_report_of_containers_does_not_speak_of_processes(clean, form):
    text = Page(clean["html"]).text if form == "html" else clean["markdown"]
    assert [word for word in OF_PROCESSES if word in text] == []


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_a_report_of_processes_has_no_word_and_no_column_of_containers(rendered, form):
    text = Page(rendered["clean"]["html"]).text if form == "html" else rendered["clean"]["markdown"]
    for said in ("docker-compose.yml", "or in a container, with the file below", "docker compose"):
        text = text.replace(said, "")  # how to serve the winner
    assert [word for word in OF_CONTAINERS if word.lower() in text.lower()] == []
    assert "requests cross the loopback interface" in text
    assert "Device" not in titles(resource_audit.resources_seen(rendered["clean"].comparison))


def test_each_container_is_a_row_with_its_image_limits_and_rights(clean):
    table = containers.containers(clean.comparison)
    assert len(table.rows) == len({e.result.deployment for e in clean.comparison.entries})
    row = dict(zip(titles(table), table.rows[0], strict=True))
    assert (row["Image"].text, len(row["Image"].small)) == ("serveoff/flaskrest-torch", 12)
    assert [row[name].text for name in ("Size", "Cores", "CPU limit", "Memory limit")] == ["940", "0", "none", "4.00"]
    assert [row[name].text for name in ("User", "Capabilities", "Root file system")] == ["10001", "none", "read-only"]
    assert row["As requested"].text == "yes"
    assert Page(clean["html"]).tables["containers"][1][1] == f"serveoff/flaskrest-torch\n{row['Image'].small}"
    assert row["Image"].small in clean["markdown"]


def test_every_mismatch_is_shown_and_its_points_do_not_count(rendered):
    shown = rendered["containers"]
    problem = "it may run on cores 0,1, 0 were asked for"
    (cell,) = (c for c in column(containers.containers(shown.comparison), "As requested") if c.text == "no")
    assert (cell.small, cell.tone) == (problem, "bad")
    codes = {f.code for p in shown.comparison.entry("flask-savedmodel-rest").points for f in p.verdict.reasons}
    assert codes == {"container", "unequal containers"}
    for form in ("html", "markdown"):
        assert problem in shown[form]
        assert "Containers did not have equal resources" in shown[form]


def test_a_container_with_too_many_rights_stands_out(rendered):
    table = containers.containers(rendered["containers"].comparison)
    assert {(c.text, c.small) for c in column(table, "User") if c.tone} == {("0", "root")}
    assert {c.text for c in column(table, "Capabilities") if c.tone} == {"14 held"}
    assert {c.text for c in column(table, "Root file system") if c.tone} == {"writable"}


def test_the_cold_start_table_begins_with_the_image_and_what_came_before_the_start(clean):
    table = cold_starts.pieces(clean.comparison)
    assert titles(table)[1:4] == ["Image", "Create", "Engine start"]
    assert "not in them" in table.caption
    assert {c.text for c in column(table, "Engine start")} == {"0.380", "–"}


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_the_cold_start_chart_shows_creation_left_of_zero_and_the_rest_right_of_it(clean, width):
    svg = ElementTree.fromstring(cold_start_chart.draw(clean.comparison, width))
    rows = [g for g in svg.iter("g") if any(r.get("class") == "zero" for r in g)]
    assert len(rows) == len(cold_starts.totals(clean.comparison).rows)
    for row in rows:
        (zero,) = (float(r.get("x1")) for r in row if r.get("class") == "zero")
        for bar in row.iter("rect"):
            left, right = float(bar.get("x")), float(bar.get("x")) + float(bar.get("width"))
            assert right <= zero if bar.get("class") == "phase-create" else left >= zero
    assert "phase-create" not in cold_start_chart.draw(local(clean.comparison), width)


def local(comparison):
    """The same comparison, as if its servers had been processes."""
    entries = []
    for entry in comparison.entries:
        start = entry.result.cold_start.model_copy(update={"create_s": None, "start_s": None})
        entries.append(replace(entry, result=entry.result.model_copy(update={"cold_start": start, "container": None})))
    settings = comparison.suite.settings.model_copy(update={"runtime": "local"})
    found = replace(
        comparison, entries=tuple(entries), suite=comparison.suite.model_copy(update={"settings": settings})
    )
    return replace(found, cold_starts=cold_start.study(Evidence(entries, {})))


def test_network_bytes_are_those_of_one_request_and_a_floor_has_none(clean):
    entry = clean.comparison.entry("flask-torchscript-rest")
    assert entry.alone.network_in_per_request == entry.result.request_bytes + HEADERS["json"]
    cells = by_endpoint(clean.comparison, resources.resources(clean.comparison), "Network in")
    assert cells["flask-torchscript-rest"].text == "17.9"
    assert cells["tfserving-embedded-savedmodel-grpc"].text == "3.84"
    assert cells["inprocess-torchscript"].text == "–"


def test_throttling_has_a_column_only_under_a_cpu_limit(clean, rendered):
    assert "Throttled" not in titles(resources.resources(clean.comparison))
    assert "32.0" in [c.text for c in column(resources.resources(rendered["containers"].comparison), "Throttled")]
    assert "throttled it for 32% of the time" in rendered["containers"]["markdown"]


def test_a_gpu_that_was_asked_for_and_not_used_is_loud(rendered):
    comparison = rendered["containers"].comparison
    cells = by_endpoint(comparison, resource_audit.resources_seen(comparison), "Device")
    assert (cells["flask-torchscript-rest"].text, cells["flask-torchscript-rest"].tone) == ("cuda:0", "good")
    assert (cells["flask-frozen-graph-rest"].text, cells["flask-frozen-graph-rest"].tone) == ("cpu", "bad")
    assert (cells["torchserve-torchscript-rest"].text, cells["torchserve-torchscript-rest"].tone) == ("not said", "bad")
    assert cells["flask-tuned-null-rest"].text == "–"
    warning = devices.fell_back(comparison)
    assert "flask-frozen-graph (cpu)" in warning
    assert warning in Page(rendered["containers"]["html"]).text
    assert warning in rendered["containers"]["markdown"]


def test_a_run_on_the_cpu_says_so_in_one_line(clean):
    assert facts(clean.comparison)["Devices (environment)"] == "cpu: all deployments"
    assert devices.fell_back(clean.comparison) == ""


def test_csv_and_json_hold_the_container_and_the_device(clean):
    entry = clean.comparison.entries[0]
    line = next(csv.DictReader(io.StringIO(clean["csv"])))
    document = json.loads(clean["json"])
    assert (line["runtime"], line["device"], line["cpus"]) == ("docker", "cpu", "0")
    assert line["image_digest"] == entry.result.container.image_digest
    assert float(line["network_in_per_request"]) == entry.points[0].network_in_per_request
    assert document["entries"][0]["result"]["container"]["memory_limit_bytes"] == 4 * 2**30
    assert document["entries"][0]["points"][0]["throttled_share"] == 0
    assert document["environment"]["engine"] == ENGINE


def test_the_stand_in_is_not_called_tensorflow_serving_in_a_container_either(clean):
    for text in (Page(clean["html"]).text, clean["markdown"]):
        assert "TensorFlow Serving itself did not run here" in text
        assert not re.search(r"behind TensorFlow Serving|serveoff/tfserving[^-]", text)


def test_two_doubts_of_one_kind_that_are_true_at_every_concurrency_are_said_once(tmp_path):
    faults = Faults(
        containers={"flask-torchscript": {"problems": [cores("its cores differ"), cores("its memory limit differs")]}}
    )
    comparison = compare(write_run(tmp_path / "run", replace(SCENARIO, only=NAMES[:1]), faults))
    (row,) = excluded.invalid(comparison).rows
    assert (row[1].text, row[2].text) == (
        "TorchScript on Flask (REST): 1, 4 callers",
        "its cores differ; its memory limit differs",
    )
