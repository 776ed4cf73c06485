"""Cold starts of one deployment, twice with warm-up and once without, by real servers."""

import signal

import pytest

from serveoff.analyse.studies.cold_start import pieces
from tests.command_line import MEASURED

pytestmark = pytest.mark.slow

OPTIONS = ("--profile", "quick", "--duration", "0.4", "--warmup", "0.2", "--rounds", "1", "--concurrency", "1")


@pytest.mark.timeout(200)
def test_every_start_is_fresh_taken_apart_and_over(cli):
    result = cli.run("run", "flask-torchscript", "inprocess-torchscript", *OPTIONS, "--cold-starts", "2", timeout=180)
    assert result.returncode in MEASURED, result.stderr
    assert cli.suite.complete
    assert cli.suite.settings.cold_starts == 2
    flask = cli.suite.endpoint("flask-torchscript-rest")
    assert [start.warmup for start in flask.cold_starts] == [True, True, False]
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
    (floor,) = cli.suite.endpoint("inprocess-torchscript").cold_starts
    assert list(floor.phases) == ["imported", "loaded", "warmed"]
    assert cli.processes() == []
    assert "Each deployment that may rank was started 2 times" in next(cli.folder.rglob("report.md")).read_text()


@pytest.mark.timeout(300)
def test_a_run_interrupted_amid_repeats_makes_the_others_when_it_is_resumed(cli):
    process = cli.start("run", "flask-torchscript", *OPTIONS, "--cold-starts", "4")
    cli.wait_until(lambda: _starts(cli) == 2 and any("start-without-warmup" in p for p in _logs(cli)), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert cli.processes() == []
    before = cli.suite.endpoint("flask-torchscript-rest").cold_starts
    resumed = cli.run("run", "--resume", "latest", timeout=200)
    assert resumed.returncode in MEASURED, resumed.stderr
    after = cli.suite.endpoint("flask-torchscript-rest").cold_starts
    assert after[: len(before)] == before
    assert sorted(start.warmup for start in after) == [False, False, True, True, True, True]
    assert [start.order for start in after] == sorted({start.order for start in after})
    assert all(start.phases and not start.problem for start in after)
    assert cli.processes() == []


def _starts(cli):
    found = list(cli.folder.glob("results/*/run.json"))
    endpoint = cli.suite.endpoint("flask-torchscript-rest") if found else None
    return len(endpoint.cold_starts) if endpoint else 0


def _logs(cli):
    return [path.name for path in cli.folder.glob("results/*/logs/*.log")]
