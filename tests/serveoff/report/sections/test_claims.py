"""The section of the article's claims says the same in every form."""

import json
import re
from dataclasses import replace

import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.claims.ruling import Exhibit, Part
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.formats import html, markdown
from serveoff.report.formats import json as json_form
from serveoff.report.sections import claims
from tests.serveoff.claim_runs import answered, refused, set_layers, set_replication
from tests.serveoff.report.conftest import RUNS
from tests.serveoff.report.page import Page
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.variant_runs import add_variant

TORCH, NULL = "flask-torchscript-rest", "flask-tuned-null-rest"
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
    assert sentence.startswith("Of the article's 10 claims, ")
    assert sum(int(number) for number in re.findall(r"\d+", sentence)[1:]) == 10
    assert sentence in Page(rendered[run]["html"].partition('id="evidence"')[0]).text
    assert sentence in rendered[run]["markdown"].partition("## Every endpoint")[0]


@every_run
def test_every_claim_has_a_row_a_rule_and_its_evidence(rendered, run):
    comparison = rendered[run].comparison
    page = Page(rendered[run]["html"])
    assert [row[0].split(":")[0] for row in page.tables["claims"][1:]] == [f"C{number}" for number in range(1, 11)]
    for claim in comparison.claims:
        assert f'id="claim-{claim.id.lower()}"' in rendered[run]["html"]
        assert claim.rule.replace("`", "") in page.text
        assert claims.finding(comparison, claim).replace("`", "") in page.text
        if claim.exhibits:
            assert len(page.tables[f"claim-{claim.id.lower()}"]) == len(claim.exhibits) + 1
        assert f"### {claim.id}: " in rendered[run]["markdown"]


def test_json_carries_the_claims_with_their_evidence(told):
    document = json.loads(json_form.render(told))
    for stored, claim in zip(document["claims"], told.claims, strict=True):
        assert (stored["id"], stored["verdict"], stored["rule"]) == (claim.id, claim.verdict, claim.rule)
        figures = [e["figure"]["value"] if e["figure"] else None for e in stored["exhibits"]]
        assert figures == [e.figure.value if e.figure else None for e in claim.exhibits]


def test_the_article_is_named_and_linked(told):
    assert f'<a href="{claims.ARTICLE_URL}">{claims.ARTICLE}</a>' in html.render(told)
    assert f"[{claims.ARTICLE}]({claims.ARTICLE_URL})" in markdown.render(told)


def test_the_table_says_what_was_found_for_each_framework(told):
    found = {claim.id: claims.finding(told, claim) for claim in told.claims}
    shown = [row[0].text for row in claims.overview(told).rows]
    assert shown[0] == f"C1: {told.claims[0].text}"
    assert re.match(r"Confirmed for TensorFlow 2, \d\.\d times faster; \w+ for PyTorch\.$", found["C1"])
    assert re.search(r"refuted for (deploying TensorFlow 2 and )?deploying PyTorch", found["C2"])
    assert found["C3"] == "True by construction, and checked in this run."
    assert found["C6"].startswith("Confirmed for dynamic forms and static graphs. Asked for the layer")
    assert found["C7"].startswith("Not a performance claim; measured beside it: frozen graph")
    assert "throughput" in found["C7"], "not its latency alone"
    assert found["C9"] == "Second half: not measured. That Keras is part of TensorFlow 2 is not a performance claim."
    assert ": 1.8 times the throughput" in found["C10"]


def test_a_ratio_below_one_is_said_the_other_way_round(told):
    slow = Exhibit("PyTorch", mine=TORCH, other=NULL, metric="p50", figure=Estimate(0.0045, 0.004, 0.005, 9))
    claim = replace(told.claims[0], exhibits=(replace(slow, speaks="against", outcome="slower", leads=True),))
    claim = replace(claim, parts=(Part("PyTorch", "refuted"),))
    assert claims.finding(told, claim) == "Refuted for PyTorch, 222 times slower."
    cell = claims.details(told, claim).rows[0][2]
    assert (cell.text, cell.small) == ("222 times slower", "200–250")
    less = Exhibit("PyTorch", mine=TORCH, other=NULL, metric="throughput", outcome="slower", leads=True)
    less = replace(less, figure=Estimate(0.5, 0.4, 0.6, 9))
    beside = replace(claim, verdict="not a performance claim", parts=(), exhibits=(less,))
    assert ": 2.0 times lower throughput" in claims.finding(told, beside)


def test_what_is_missing_says_how_to_measure_it(told):
    said = claims.sentence(told, told.claims[8])
    assert said.endswith("To measure it: `serveoff run inprocess-keras-eager inprocess-savedmodel`.")
    assert said.replace("`", "") in Page(html.render(told)).text
    assert said in markdown.render(told)


def test_a_servers_words_never_become_markup(told):
    assert "<b>cannot</b>" not in html.render(told)
    assert "<b>cannot</b>" not in markdown.render(told)
    assert "it <b>cannot</b> | show layers" in Page(html.render(told)).text


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        ("times", 1.234, "1.2 times longer"),
        ("seconds", 0.00123, "1.23 ms"),
        ("bytes", 1.62e6, "1.62 MB"),
        ("lines", 1.0, "1 line"),
        ("lines", 24.0, "24 lines"),
        ("error", 3.3e-7, "3.3e-07 apart"),
    ],
)
def test_every_unit_is_written(told, unit, value, written):
    exhibit = Exhibit("PyTorch", "seen", figure=Estimate(value, None, None, 3), unit=unit)
    claim = replace(told.claims[0], exhibits=(exhibit,))
    assert claims.details(told, claim).rows[0][2].text == written
