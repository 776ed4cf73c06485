"""Starts of one deployment, each of which serves its share of the rounds, by real servers."""

import signal

import pytest

from serveoff.analyse.studies.cold_start import pieces
from tests.command_line import MEASURED

pytestmark = pytest.mark.slow

OPTIONS = ("--profile", "quick", "--duration", "0.4", "--warmup", "0.2", "--concurrency", "1")


@pytest.mark.timeout(200)
def test_every_start_is_a_cold_start_taken_apart_and_serves_its_rounds(cli):
    names = ("flask-tuned-onnx", "inprocess-onnx")
    result = cli.run("run", *names, *OPTIONS, "--rounds", "3", "--starts", "3", timeout=180)
    assert result.returncode in MEASURED, result.stderr
    assert cli.suite.complete
    assert cli.suite.settings.starts == 3
    assert [(w.round, w.start) for w in cli.suite.endpoint("flask-tuned-onnx-rest").windows] == [
        (1, 1),
        (2, 2),
        (3, 3),
    ]
    flask = cli.suite.endpoint("flask-tuned-onnx-rest")
    assert [start.warmup for start in flask.cold_starts] == [True, True, True]
    assert flask.cold_starts[0] == flask.cold_start
    assert [start.order for start in flask.cold_starts] == [1, 3, 4]
    for start in flask.cold_starts:
        assert start.problem is None
        expected = ["imported", "loaded", *(["warmed"] if start.warmup else []), "listening"]
        assert list(start.phases) == expected
        ends = list(start.phases.values())
        assert ends[0] > 0
        assert ends == sorted(ends)
        assert ends[-2] <= start.first_answer_s
        assert start.ready_s + start.first_request_s <= start.first_answer_s
        assert 0 < start.first_request_s < 5
        assert len(start.next_requests_s) == 5
        parts = pieces(start)
        assert min(parts.values()) >= 0
        assert sum(parts.values()) == pytest.approx(start.first_answer_s)
        assert ("warmup" in parts) == start.warmup
    (floor,) = cli.suite.endpoint("inprocess-onnx").cold_starts
    assert list(floor.phases) == ["imported", "loaded", "warmed"]
    assert cli.processes() == []


@pytest.mark.timeout(300)
def test_a_run_interrupted_in_its_second_start_goes_on_with_another_when_it_is_resumed(cli):
    process = cli.start("run", "flask-tuned-onnx", *OPTIONS, "--rounds", "3", "--starts", "3")
    cli.wait_until(lambda: _starts(cli) == 2, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert cli.processes() == []
    before = cli.suite.endpoint("flask-tuned-onnx-rest")
    resumed = cli.run("run", "--resume", "latest", timeout=200)
    assert resumed.returncode in MEASURED, resumed.stderr
    after = cli.suite.endpoint("flask-tuned-onnx-rest")
    assert after.cold_starts[: len(before.cold_starts)] == before.cold_starts
    assert after.windows[: len(before.windows)] == before.windows
    assert sorted({w.round for w in after.windows}) == [1, 2, 3]
    assert max(w.start for w in after.windows) > max(w.start for w in before.windows)
    assert [start.order for start in after.cold_starts] == sorted({start.order for start in after.cold_starts})
    assert cli.processes() == []


def _starts(cli):
    found = list(cli.folder.glob("results/*/run.json"))
    endpoint = cli.suite.endpoint("flask-tuned-onnx-rest") if found else None
    return len(endpoint.cold_starts) if endpoint else 0
