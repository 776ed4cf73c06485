import pytest

from serveoff.analyse.analysis import compare
from serveoff.report.formats import markdown
from serveoff.report.sections import batches
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.variant_runs import add_payload

ENDPOINT, OTHER = "flask-torchscript-rest", "flask-savedmodel-rest"


def test_inputs_a_second_are_requests_times_rows(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=(ENDPOINT, OTHER), round_drift=0.0))
    add_payload(folder, ENDPOINT, "", speedup=0.25, batch=32)
    comparison = compare(folder)
    single, batch = (row[2].sort for row in batches.batches(comparison).rows)
    assert batch / single == pytest.approx(8, rel=0.05), "a quarter of the requests, 32 rows each"
    assert [row[1].text for row in batches.batches(comparison).rows] == ["1", "32"]
    assert "## Batches" in markdown.render(comparison)


def test_a_run_without_batches_has_no_such_table(tmp_path):
    comparison = compare(write_run(tmp_path / "run", Scenario(only=(ENDPOINT,))))
    assert batches.batches(comparison).rows == ()
    assert "## Batches" not in markdown.render(comparison)
