import json

from serveoff.analyse.analysis import compare
from serveoff.report.formats.json import render
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.synthetic import Scenario, write_run

ENDPOINT = "flask-torchscript-rest"


def test_a_rate_that_could_not_be_kept_says_why(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=(ENDPOINT,), concurrencies=(1,)))
    mean_s = 0.005
    add_open_loop(folder, ENDPOINT, [50.0, 500.0], True, mean_s=mean_s, duration_s=1.0, seed=1, part=2)
    (capacity,) = json.loads(render(compare(folder)))["capacity"]
    problems = [probe["problem"] for probe in capacity["probes"] if probe["problem"]]
    assert problems
    assert all({"code", "text", "advice"} == set(problem) for problem in problems)
