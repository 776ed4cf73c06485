"""What stands beneath the decision matrix."""

import pytest

from serveoff.analyse.analysis import compare
from serveoff.report.sections.matrix import matrix
from tests.serveoff.cold_start_runs import add_starts
from tests.serveoff.synthetic import Scenario, write_run

RANGE, ONCE = "; for cold start the range of all starts", "; cold starts without a range were measured once"


@pytest.mark.parametrize(("starts", "said", "unsaid"), [(1, ONCE, RANGE), (3, RANGE, ONCE)])
def test_it_says_what_a_cold_start_rests_on(tmp_path, starts, said, unsaid):
    only = ("flask-torchscript-rest", "flask-keras-eager-rest")
    folder = write_run(tmp_path / "run", Scenario(only=only))
    caption = matrix(compare(add_starts(folder, starts) if starts > 1 else folder)).caption
    assert said in caption
    assert unsaid not in caption


def test_a_figure_of_too_few_samples_says_so_in_its_place(tmp_path):
    only = ("flask-torchscript-rest", "flask-keras-eager-rest")
    found = compare(write_run(tmp_path / "run", Scenario(only=only, speedup={only[1]: 0.2})))
    row = found.decision.matrix.rows[-1]
    assert row.cells["tail"].estimate.value is None
    table = matrix(found)
    cells = dict(zip((column.title for column in table.columns), table.rows[-1], strict=True))
    told = cells["P99 latency"]
    assert (told.text, told.small) == ("–", f"{row.cells['tail'].estimate.withheld} samples")
    assert "what has too few for one has no figure" in table.caption
