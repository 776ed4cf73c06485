"""One small comparison of everything, as a user runs it."""

import csv
import html
import json
import sys

import pyarrow.compute as pc
import pytest

from serveoff.record.raw_rows import read_run_rows
from serveoff.services.registry import read_registry
from tests.command_line import MEASURED

pytestmark = pytest.mark.slow

COUNT = 20
SETTINGS = ["--profile", "quick", "--duration", "0.5", "--warmup", "0.2", "--concurrency", "1,4", "--rounds", "1"]


@pytest.fixture(scope="module")
def finished(shared_cli):
    result = shared_cli.run("run", *SETTINGS, timeout=290)
    assert result.returncode in MEASURED, result.stderr
    return shared_cli


@pytest.fixture(scope="module")
def report(finished):
    (folder,) = (finished.folder / "reports").iterdir()
    return folder


@pytest.mark.timeout(300)
def test_every_endpoint_was_measured_and_nothing_is_left_running(finished):
    assert finished.suite.complete
    assert len(finished.suite.endpoints) == COUNT == sum(len(d.protocols) for d in read_registry() if not d.extra)
    assert [e.endpoint for e in finished.suite.endpoints if e.unavailable] == []
    assert finished.processes() == []


def test_every_endpoint_passed_the_gate_before_it_was_timed(finished):
    for endpoint in finished.suite.endpoints:
        assert endpoint.gate is not None
        assert endpoint.gate.passed, endpoint.gate
        assert endpoint.gate.checked == 64


def test_answers_were_checked_during_load_and_were_right(finished):
    for endpoint in finished.suite.endpoints:
        for window in endpoint.windows:
            assert window.errors == 0, endpoint.endpoint
            assert window.answers_checked > 0, endpoint.endpoint
            assert window.wrong_answers == 0, endpoint.endpoint


def test_every_concurrency_was_measured(finished):
    for endpoint in finished.suite.endpoints:
        expected = [1] if endpoint.protocol == "call" else [1, 4]
        assert sorted(w.concurrency for w in endpoint.windows if not w.payload) == expected


def test_keras_was_called_by_its_high_level_api_too(finished):
    payloads = {e.endpoint: [w.payload for w in e.windows if w.payload] for e in finished.suite.endpoints}
    assert {name: found for name, found in payloads.items() if found} == {
        "inprocess-keras-eager": ["keras_predict"],
        **{f"inprocess-{name}": ["as_served"] for name in ("savedmodel", "frozen-graph", "torchscript")},
    }


def test_every_endpoint_that_serves_a_model_was_asked_for_a_layer(finished):
    found = {e.endpoint: e.layers.outcome for e in finished.suite.endpoints if e.layers}
    assert {n for n, outcome in found.items() if outcome == "answered"} == {
        "flask-frozen-graph-rest",
        "flask-keras-eager-rest",
        "flask-torch-eager-rest",
    }
    refused = {n for n, outcome in found.items() if outcome == "refused"}
    assert {"flask-savedmodel-rest", "flask-torchscript-rest"} < refused
    assert sum(name.startswith("tfserving") and name.endswith("grpc") for name in refused) == 2
    assert len(found) == COUNT - 9, "neither floors, the null service nor the tuned Flask"


def test_raw_rows_agree_with_the_suite(finished):
    rows = read_run_rows(finished.run_folder)
    assert len(list((finished.run_folder / "rows").iterdir())) == 1, "parts are joined"
    for endpoint in finished.suite.endpoints:
        for window in endpoint.windows:
            mine = rows.filter((pc.field("slice") == window.number) & pc.field("measured"))
            assert mine.num_rows == window.requests
            assert set(mine.column("endpoint").to_pylist()) <= {endpoint.endpoint}
            assert set(mine.column("load").to_pylist()) == {window.load.text}
            assert 0 < pc.min(mine.column("latency_s")).as_py() <= pc.max(mine.column("latency_s")).as_py() < 30


def test_the_first_requests_after_a_thaw_are_kept_and_not_counted(finished):
    rows = read_run_rows(finished.run_folder)
    lead_ins = rows.filter(~pc.field("measured") & (pc.field("slice") > 0))
    assert lead_ins.num_rows > 0
    assert all(w.lead_in_s > 0 for e in finished.suite.endpoints for w in e.windows)


def test_the_rate_of_a_slice_is_that_of_its_callers(finished):
    """A closed loop of c callers has c requests under way: their mean latency is c over the rate (Little 1961)."""
    rows = read_run_rows(finished.run_folder).filter(pc.field("measured"))
    for endpoint in finished.suite.endpoints:
        for window in (w for w in endpoint.windows if endpoint.protocol != "call" and w.requests):
            latency_s = pc.mean(rows.filter(pc.field("slice") == window.number).column("latency_s")).as_py()
            assert 0.5 < window.requests / window.duration_s * latency_s / window.concurrency <= 1.01, endpoint.endpoint


def test_every_server_had_what_was_asked_for_as_seen_inside_it(finished):
    for endpoint in finished.suite.endpoints:
        found = endpoint.resources
        assert found is not None
        assert found.problems == []
        if sys.platform == "linux":
            assert found.cpus == finished.suite.settings.server_cpus
            assert None not in (found.processes, found.os_threads, found.os_threads_at_end)
        if endpoint.format != "null" and endpoint.server != "tfserving":
            assert found.intra_op_threads == 1


def test_cold_starts_are_in_order(finished):
    for endpoint in finished.suite.endpoints:
        cold = endpoint.cold_start
        assert cold is not None
        if endpoint.protocol != "call":
            assert 0 < cold.port_open_s <= cold.ready_s <= cold.first_answer_s
        else:
            assert cold.ready_s > 0


def test_resources_were_sampled(finished):
    for endpoint in finished.suite.endpoints:
        for window in endpoint.windows:
            assert window.server_cpu_s > 0, endpoint.endpoint
        assert endpoint.memory_bytes > 20e6


def test_artifacts_are_named_by_their_hashes(finished):
    for endpoint in finished.suite.endpoints:
        assert (endpoint.artifact_sha256 is None) == (endpoint.format == "null")


def test_the_embedded_server_is_never_called_tensorflow_serving(finished, report):
    servers = {e.server for e in finished.suite.endpoints}
    if "tfserving" in servers:
        pytest.skip("a real tensorflow_model_server is on PATH")
    assert "tfserving-embedded" in servers
    disclaimers = (
        "figures are not TensorFlow Serving's",
        "TensorFlow Serving itself did not run here",
        "TensorFlow Serving is not here",
        "TensorFlow Serving is not installed",
        "TensorFlow Serving cannot load a bare frozen graph",
        "In TensorFlow Serving the graph decodes",
        "the stand-in of TensorFlow Serving",
    )
    for name in ("report.html", "report.md", "report.csv", "report.json"):
        text = html.unescape((report / name).read_text())
        for disclaimer in disclaimers:
            text = text.replace(disclaimer, "")
        assert "TensorFlow Serving" not in text, name


def test_reports_in_every_format_have_every_endpoint(finished, report):
    endpoints = {e.endpoint for e in finished.suite.endpoints}
    entries = json.loads((report / "report.json").read_text())["entries"]
    assert {entry["result"]["endpoint"] for entry in entries} == endpoints
    assert {row["endpoint"] for row in csv.DictReader((report / "report.csv").open())} == endpoints
    page = html.unescape((report / "report.html").read_text())
    assert [entry["label"] for entry in entries if entry["label"] not in page] == []
    ranking = (report / "report.md").read_text().split("## Cost and resources")[1].split("##")[0]
    measured = [e for e in entries if any(_sound(point) for point in e["points"])]
    assert sum(line.startswith("| ") for line in ranking.splitlines()) == len(measured) + 2
    assert {entry["role"] for entry in measured} >= {"contender", "floor"}


def _sound(point):
    """It has a row: no finding of a short run on a busy machine makes it INVALID."""
    return point["throughput"]["value"] is not None and not any(f["fatal"] for f in point["verdict"]["findings"])


def test_the_report_can_be_rendered_again_alone(finished):
    result = finished.run("report", "latest", "--format", "markdown")
    assert result.returncode == 0, result.stderr
    assert "report:" in result.stderr


def test_runs_lists_it_as_complete(finished):
    result = finished.run("runs")
    assert finished.suite.run_id in result.stdout
    assert "complete" in result.stdout


def test_a_complete_run_is_not_resumed(finished):
    result = finished.run("run", "--resume", "latest")
    assert result.returncode == 6
    assert "is complete" in result.stderr
