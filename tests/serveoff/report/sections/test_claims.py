"""The section of the article's claims says the same in every form."""

import json

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.claims.ruling import Exhibit
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.formats import html, markdown
from serveoff.report.formats import json as json_form
from serveoff.report.sections import claims
from tests.serveoff.claim_runs import answered, refused, set_layers, set_replication
from tests.serveoff.report.conftest import RUNS
from tests.serveoff.report.page import Page
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.variant_runs import add_variant

every_run = pytest.mark.parametrize("run", RUNS)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("claims") / "run", Scenario(slice_s=0.16))
    set_layers(folder, keras_eager=answered(slower=1.7), savedmodel=refused("it <b>cannot</b> | show layers"))
    add_variant(folder, "flask-torchscript-rest", "workers=2", speedup=1.8)
    set_replication(folder, {"flask-torchscript-rest": 1, "flask-frozen-graph-rest": 1})
    return compare(folder)


@every_run
def test_all_verdicts_are_in_one_sentence_at_the_top(rendered, run):
    comparison = rendered[run].comparison
    sentence = claims.verdict_counts(comparison)
    assert sentence.startswith("Of the article's 10 claims: ")
    assert sum(int(part.split()[0]) for part in sentence.partition(": ")[2].split(", ")) == 10
    assert sentence in Page(rendered[run]["html"]).text.partition("Skip")[2][:4000]
    assert sentence in rendered[run]["markdown"][:2500]


@every_run
def test_every_claim_has_a_row_a_rule_and_its_evidence(rendered, run):
    comparison = rendered[run].comparison
    page = Page(rendered[run]["html"])
    assert [row[0] for row in page.tables["claims"][1:]] == [f"C{number}" for number in range(1, 11)]
    for claim in comparison.claims:
        assert f'id="claim-{claim.id.lower()}"' in rendered[run]["html"]
        assert claim.rule.replace("`", "") in page.text
        if claim.exhibits:
            assert len(page.tables[f"claim-{claim.id.lower()}"]) == len(claim.exhibits) + 1
        assert f"### {claim.id}: " in rendered[run]["markdown"]


def test_json_carries_the_claims_with_their_evidence(told):
    document = json.loads(json_form.render(told))
    for stored, claim in zip(document["claims"], told.claims, strict=True):
        assert (stored["id"], stored["verdict"], stored["rule"]) == (claim.id, claim.verdict, claim.rule)
        figures = [e["figure"]["value"] if e["figure"] else None for e in stored["exhibits"]]
        assert figures == [e.figure.value if e.figure else None for e in claim.exhibits]


def test_the_table_shows_the_leading_figures_with_interval_and_samples(told):
    rows = {row[0].text: row for row in claims.overview(told).rows}
    (lead,) = [e for e in told.claims[5].exhibits if e.leads]
    assert "1.70×" in rows["C6"][3].text
    assert rows["C6"][3].text.endswith(f"(n\u00a0{lead.figure.samples})")
    assert rows["C9"][3].text == "–"
    assert (rows["C9"][2].text, rows["C9"][2].tone) == ("not measured", "muted")


def test_what_is_missing_says_how_to_measure_it(told):
    said = claims.sentence(told.claims[8])
    assert said.endswith("To measure it: serveoff run inprocess-keras-eager inprocess-savedmodel.")
    assert said in Page(html.render(told)).text
    assert said in markdown.render(told)


def test_a_servers_words_never_become_markup(told):
    assert "<b>cannot</b>" not in html.render(told)
    assert "<b>cannot</b>" not in markdown.render(told)
    assert "it <b>cannot</b> | show layers" in Page(html.render(told)).text


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        ("times", 1.234, "1.23×"),
        ("bytes", 1.62e6, "1.62 MB"),
        ("lines", 1.0, "1 line"),
        ("lines", 24.0, "24 lines"),
        ("error", 3.3e-7, "3.3e-07 apart"),
    ],
)
def test_every_unit_is_written(told, unit, value, written):
    exhibit = Exhibit("PyTorch", "seen", figure=Estimate(value, None, None, 3), unit=unit)
    claim = type(told.claims[0])("C1", "text", "mixed", exhibits=(exhibit,))
    assert claims.details(told, claim).rows[0][4].text == written
