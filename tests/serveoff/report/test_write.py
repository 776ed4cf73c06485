"""What a run's reports are written of, and when the run is called a success."""

import pytest

from serveoff.errors import NotWritten
from serveoff.report.write import write_report
from tests.serveoff.synthetic import Faults, Scenario, write_run

CONTENDER, NULL = "flask-torchscript-rest", "flask-tuned-null-rest"


@pytest.fixture
def valid(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_REPORTS", str(tmp_path / "reports"))

    def of(*only, wrong=()):
        folder = write_run(tmp_path / "run", Scenario(only=only), Faults(gate_failed=wrong))
        return write_report(folder, ("json",)).valid

    return of


def test_a_valid_null_service_is_no_success_where_contenders_ran(valid):
    assert valid(CONTENDER, NULL)
    assert not valid(CONTENDER, NULL, wrong=(CONTENDER,))


def test_without_contenders_whatever_was_measured_is_one(valid):
    assert valid(NULL)


def test_reports_that_cannot_be_written_leave_nothing_half_and_name_the_run_that_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_REPORTS", str(tmp_path / "reports"))
    (tmp_path / "reports").write_text("")
    folder = write_run(tmp_path / "run", Scenario(only=(NULL,)))
    with pytest.raises(NotWritten, match="reports/run: it is not a folder") as failed:
        write_report(folder, ("json",))
    assert f"then: serveoff report {folder}" in failed.value.hint
    (tmp_path / "reports").unlink()
    (tmp_path / "reports" / "run" / "report.json").mkdir(parents=True)
    with pytest.raises(NotWritten):
        write_report(folder, ("json",))
    assert [path.name for path in (tmp_path / "reports" / "run").iterdir()] == ["report.json"]
