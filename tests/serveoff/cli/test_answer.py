"""The answer on a terminal: 80 columns, the report's figures, and JSON for machines."""

import io
import json
import re
from dataclasses import replace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from serveoff.analyse.analysis import compare
from serveoff.analyse.decision.recommendation import Refusal, RefusalCode
from serveoff.analyse.verdict import Finding, FindingCode, Verdict
from serveoff.cli import answer
from serveoff.cli import app as cli
from serveoff.report.formats.json import render as as_json
from serveoff.report.phrases import recommendation
from serveoff.report.phrases.numbers import UNITS
from serveoff.report.phrases.reasons import reasons
from serveoff.report.write import write_report
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.synthetic import Faults, Scenario, write_run

BEST, KERAS, TORCHSERVE, GRPC, TFSERVING = (
    "flask-torchscript-rest",
    "flask-keras-eager-rest",
    "torchserve-torchscript-rest",
    "torchserve-torchscript-grpc",
    "tfserving-embedded-savedmodel-grpc",
)
SCENARIO = Scenario(only=(BEST, KERAS, TORCHSERVE, GRPC, TFSERVING), round_drift=0.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("results") / "20260102-030405-abcd", SCENARIO)
    add_open_loop(folder, BEST, (300.0, 500.0, 700.0, 900.0, 1100.0))
    return folder


@pytest.fixture(scope="module")
def comparison(run):
    return compare(run)


@pytest.fixture
def placed(run, tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_RESULTS", str(run.parent))
    monkeypatch.setenv("SERVEOFF_REPORTS", str(tmp_path / "reports"))
    return run


def shown(comparison, width=80, **how):
    output = io.StringIO()
    answer.show(comparison, Console(file=output, width=width), **how)
    return output.getvalue()


def invoke(*arguments):
    done = CliRunner().invoke(cli.app, ["show", *arguments], env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_it_begins_with_the_recommendation_and_how_it_compares(comparison):
    first, figures, more, *rest = shown(comparison).splitlines()
    assert first == "Recommended: TorchScript on Flask (REST)"
    said = f"{figures} {more.strip()}"
    assert re.fullmatch(r"  0\.\d+ ms median with 1 caller \(.*\), [\d,]+ req/s with \d+ \(p99 .* ms\), \d+ MB", said)
    said = " ".join(line.strip() for line in rest)
    assert re.match(r"[\d.]+ times faster than the next fastest, .* \(gRPC\) \([\d.]+–[\d.]+\) [\d.]+ times", said)
    assert re.search(r" [\d.]+ times faster than eager Keras \([\d.]+–[\d.]+\) ", said)
    assert "  Serve it: make serve NAME=flask-torchscript MODEL=digits_cnn" in rest


def test_nothing_is_wider_than_80_columns_but_the_one_path(comparison, tmp_path):
    report = tmp_path / ("long" * 30) / "report.html"
    lines = shown(comparison, report=report).splitlines()
    assert [line for line in lines if len(line) > 80] == [f"Report: {report}"]


def test_a_long_name_keeps_every_figure_in_80_columns(tmp_path):
    native = compare(write_run(tmp_path / "run", Scenario(only=(BEST, TFSERVING), native=True)))
    lines = shown(native).splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in "\n".join(lines)
    assert all(head in "\n".join(lines) for name, head in answer.COLUMNS.items() if name != "artifact")


def test_the_matrix_has_a_row_for_each_contender_with_the_report_s_figures(comparison):
    lines, matrix = shown(comparison, width=200).splitlines(), comparison.decision.matrix
    assert len(matrix.rows) == 4
    for row in matrix.rows:
        name = recommendation.row_name(comparison, row.endpoint)
        (line,) = (line for line in lines if line.startswith(f"{name} ") and "times" not in line)
        told = [(o, row.cells[o]) for o in matrix.telling]
        cells = [UNITS[o][0](c.estimate.value) + answer.SIGNS[c.mark][0].strip() for o, c in told]
        assert line.removeprefix(name).split() == cells


def test_what_was_excluded_is_one_sentence(comparison):
    text = " ".join(shown(comparison).split())
    assert (
        "Excluded: TensorFlow Serving is not installed: install it and run again (1 endpoint of its stand-in " in text
    )


def test_a_refusal_says_why_and_still_shows_the_matrix(tmp_path):
    comparison = compare(write_run(tmp_path / "run", SCENARIO, Faults(gate_failed=[KERAS, GRPC])))
    text = shown(comparison)
    said = " ".join(text.split())
    assert said.startswith("No recommendation: 3 of 4 contenders are INVALID")
    assert "INVALID INVALID" in said
    assert said.lower().count("eager keras") == 3, "in the head, in the reason and in the matrix"
    assert "Serve it" not in text


def test_a_reason_has_the_name_of_its_endpoint_and_comes_once_for_all_of_its_kind(comparison, tmp_path):
    lost = [entry.name for entry in comparison.entries if entry.role == "contender"][:3]
    (said,) = reasons(refused_for(comparison, lost, [9, 10, 9]))
    first = recommendation.row_name(comparison, lost[0])
    assert said == f"3 endpoints ({first}: 9 samples): more"
    assert reasons(refused_for(comparison, lost[:1], [9])) == [f"{first}: 9 samples: more"]


def refused_for(comparison, names, samples):
    """The comparison without a recommendation, for these had too few samples."""
    found = dict(zip(names, (f"{count} samples" for count in samples), strict=True))
    entries = [_doubted(entry, found[entry.name]) if entry.name in found else entry for entry in comparison.entries]
    refused = Refusal(RefusalCode.NOTHING_VALID, tuple(names), len(names))
    decision = replace(comparison.decision, recommended=None, refused=refused)
    return replace(comparison, entries=tuple(entries), decision=decision)


def _doubted(entry, seen):
    verdict = Verdict((Finding(FindingCode.FEW_SAMPLES, True, seen, "", "more"),))
    return replace(entry, points=tuple(replace(point, verdict=verdict) for point in entry.points))


def test_the_short_form_is_the_answer_and_the_matrix_alone(comparison):
    text = shown(comparison, short=True)
    assert "Recommended:" in text
    assert "p50 ms" in text
    assert "Serve it" not in text
    assert "Excluded" not in text


def test_show_prints_the_newest_run_again(placed):
    assert invoke() == invoke("latest") == invoke(placed.name)
    assert invoke().startswith(f"{placed.name}   digits_cnn, quick\nRecommended: ")
    assert "Report:" not in invoke()
    write_report(placed)
    assert [line.partition(":")[0] for line in invoke().splitlines() if line.endswith("report.html")] == ["Report"]


def test_json_is_the_decision_of_the_report(placed, comparison):
    found = json.loads(invoke("--json"))
    assert found == json.loads(as_json(comparison))["decision"]
    assert (found["model"], found["complete"], found["recommended"]) == ("digits_cnn", True, BEST)
    cell = found["matrix"]["rows"][0]["cells"]["latency"]
    assert cell["estimate"]["value"] == comparison.entry(BEST).alone.p50_s.value
    assert found["sizing"]["rows"]


def test_a_run_that_is_not_there_is_named(placed):
    done = CliRunner().invoke(cli.app, ["show", "nope"])
    assert "no run is called 'nope'" in str(done.exception)
