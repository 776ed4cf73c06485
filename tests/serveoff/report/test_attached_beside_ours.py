"""A deployment of ours beside an endpoint that already runs: the recommendation stays, and speaks of both."""

import io
import re

import pytest
from rich.console import Console

from serveoff.analyse.analysis import compare
from serveoff.cli import answer
from serveoff.report.formats import html as as_html
from serveoff.report.formats import markdown as as_markdown
from serveoff.report.phrases import recommendation
from serveoff.report.sections import notes
from tests.language import stumbles
from tests.serveoff.attached_runs import attach_one
from tests.serveoff.report.page import Page
from tests.serveoff.synthetic import Scenario, write_run

OURS = ("flask-torchscript-rest", "flask-keras-eager-rest", "inprocess-torchscript")
ITS = "flask-savedmodel-rest"


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    run = write_run(tmp_path_factory.mktemp("beside") / "run", Scenario(only=(*OURS, ITS), round_drift=0.0))
    return compare(attach_one(run, ITS, "prod"))


def test_ours_is_recommended_and_compared_with_what_already_runs(comparison):
    assert recommendation.head(comparison) == "Recommended: TorchScript on Flask (REST)"
    said = " ".join(recommendation.statements(comparison))
    assert re.search(r"[\d.]+ times faster than the next fastest, prod \(", said)
    assert "attached" not in said
    assert comparison.decision.serve_with is not None
    assert len(comparison.claims) > 5


def test_it_is_counted_apart(comparison):
    assert notes.lede(comparison).startswith(
        "2 endpoints of one trained model on Flask and 1 endpoint that already runs, each with"
    )
    network, unseen = recommendation.unsettled(comparison)[-2:]
    assert network == "Latencies of prod hold the network to it; ours cross loopback only."
    assert unseen.startswith("CPU, memory, cold start and threads of prod cannot be seen from outside")


def test_its_figures_are_absent_where_ours_are_known(comparison):
    row = comparison.decision.matrix.row("prod")
    assert row.cells["latency"].estimate.value > 0
    assert {row.cells[objective].mark for objective in ("cold_start", "memory", "artifact")} == {"absent"}


def test_every_form_names_it_as_its_user_does(comparison):
    page = Page(as_html.render(comparison))
    assert "prod\nREST at 10.0.0.7:8501" in [row[0] for row in page.tables["matrix"]]
    assert stumbles(page.text) == []
    assert stumbles(as_markdown.render(comparison)) == []
    output = io.StringIO()
    answer.show(comparison, Console(file=output, width=80))
    assert re.search(r"^prod +\d", output.getvalue(), re.MULTILINE)


def test_one_of_ours_that_is_recommended_may_be_the_one_that_runs(tmp_path):
    run = write_run(tmp_path / "run", Scenario(only=OURS, round_drift=0.0))
    found = compare(attach_one(run, OURS[0], "prod"))
    assert recommendation.head(found) == "Recommended: prod"
    assert found.decision.serve_with is found.decision.sizing is None
