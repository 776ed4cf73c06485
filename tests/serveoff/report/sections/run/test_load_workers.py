"""What a report says of load from several hosts."""

from serveoff.analyse.analysis import compare
from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.recording.windows import WorkerClock
from serveoff.record.suite import load_suite
from serveoff.report.sections.run import method
from tests.serveoff.problems import problem
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.written_runs import save_run

ENDPOINT = "flask-torchscript-rest"


def facts(comparison):
    return {fact.term: fact.text for fact in method.facts(comparison)}


def test_workers_clocks_and_windows_that_were_not_one_are_told(tmp_path):
    run = write_run(tmp_path / "run", Scenario(only=(ENDPOINT,), concurrencies=(1,), rounds=20))
    assert "Load workers" not in facts(compare(run))
    suite = load_suite(run)
    suite.settings.expect_workers = 4
    for number, window in enumerate(suite.endpoint(ENDPOINT).windows):
        bounds = {"a-1": 0.0001, "b-2": 0.02 if number == 7 else 0.0002}
        window.workers = [WorkerClock(worker=name, offset_s=5.0, bound_s=bound) for name, bound in bounds.items()]
        window.problems = [problem(WindowCode.NOT_TOGETHER, "the clock of load worker b-2")] if number == 7 else []
    save_run(run, suite)
    told = facts(compare(run))
    assert told["Load workers"] == (
        "2 drove slices. Their clocks were known to within 0.200 ms in the median slice and 20.0 ms in the worst. A "
        "window narrower than ten times that is INVALID, and so is one that a worker joined late: 1 of 20 slices."
    )
    assert (
        "Load came from 4 Locust workers; the network from them to the servers is in every latency." in told["Runtime"]
    )
