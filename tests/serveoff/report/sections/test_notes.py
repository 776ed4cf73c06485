"""What a reader must know before the first figure."""

from serveoff.analyse.analysis import compare
from serveoff.loadtests.problems import WindowCode
from serveoff.record.suite import load_suite
from serveoff.report.formats import html, markdown
from serveoff.report.sections import notes
from tests.serveoff.problems import problem
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.written_runs import save_run

NAMES = ("flask-torchscript-rest", "flask-savedmodel-rest")


def test_a_process_that_was_replaced_is_said_on_the_first_screen(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=NAMES))
    assert notes.replaced(compare(folder)) == []
    suite = load_suite(folder)
    for window in suite.endpoint(NAMES[0]).windows[:2]:
        window.problems.append(problem(WindowCode.SERVER_REPLACED, "process 7 of the server ended"))
    save_run(folder, suite)
    found = compare(folder)
    (said,) = notes.replaced(found)
    assert said.startswith("A process of flask-torchscript ended while it was measured")
    assert "2 slices are excluded" in said
    head, _, _ = html.render(found).partition("</header>")
    assert "2 slices are excluded" in head
    assert "2 slices are excluded" in markdown.render(found).partition("\n## ")[0]
