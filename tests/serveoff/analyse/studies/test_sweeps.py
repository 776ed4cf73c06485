"""Variants against their bases, and the ranking out of the box, on runs whose truth is known."""

import json
from dataclasses import replace

import pytest

from serveoff.analyse.analysis import compare
from serveoff.report.formats import html, markdown
from serveoff.report.formats import json as json_form
from serveoff.report.sections.variants import sweeps
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.variant_runs import add_variant

BASE, OTHER = "flask-torchscript-rest", "flask-savedmodel-rest"


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("r") / "run", Scenario(only=(BASE, OTHER), round_drift=0.0))
    add_variant(folder, BASE, "workers=2", speedup=1.5)
    add_variant(folder, OTHER, "workers=2", speedup=1.0)
    add_variant(folder, BASE, "defaults", speedup=0.2)
    add_variant(folder, OTHER, "defaults", speedup=1.0)
    return compare(folder)


def changes(comparison, base, variant):
    wanted = (base, variant)
    return [c for c in comparison.sweeps.changes if (c.variant.result.base, c.variant.result.variant) == wanted]


def test_a_variant_never_ranks_and_wins_nothing(comparison):
    variants = [e for e in comparison.entries if e.role == "variant"]
    assert len(variants) == 4
    assert all(entry.rank is None for entry in variants)
    assert comparison.decision.recommended == BASE


def test_what_a_setting_gains_is_found_with_its_factor(comparison):
    for change in changes(comparison, BASE, "workers=2"):
        assert change.outcome == "faster"
        assert change.more.low < 1.5 < change.more.high
        assert change.faster.low < 1.5 < change.faster.high
        assert (change.setting, change.variant.result.variant) == ("workers", "workers=2")


def test_a_setting_that_changes_nothing_is_no_gain(comparison):
    assert {c.outcome for c in changes(comparison, OTHER, "workers=2")} <= {"tied", "undecided"}


def test_variants_are_measured_with_the_fewest_and_the_most_callers_only(comparison):
    assert [c.point.concurrency for c in changes(comparison, BASE, "workers=2")] == [1, 16]
    assert all(c.point.valid for c in comparison.sweeps.changes)


def test_the_two_rankings_stand_beside_each_other(comparison):
    places = [(p.entry.result.base, p.rank, p.tuned_rank) for p in comparison.sweeps.out_of_the_box]
    assert places == [(OTHER, 1, 2), (BASE, 2, 1)]
    assert "not the same" in sweeps.sentence(comparison)


def test_the_default_limit_of_tensorflow_serving_is_said_where_it_is(comparison):
    assert sweeps.refusals(comparison) == ()
    (first, *others) = comparison.sweeps.out_of_the_box
    result = first.entry.result.model_copy(update={"server": "tfserving"})
    standings = (replace(first, entry=replace(first.entry, result=result)), *others)
    (said,) = sweeps.refusals(replace(comparison, sweeps=replace(comparison.sweeps, out_of_the_box=standings)))
    assert "RESOURCE_EXHAUSTED" in said


def test_all_forms_of_the_report_have_it(comparison):
    page, text, data = html.render(comparison), markdown.render(comparison), json.loads(json_form.render(comparison))
    assert 'id="variants"' in page
    assert "## Other settings" in text
    assert "workers=2" in text
    assert {c["variant"] for c in data["settings_changed"]} == {"workers=2", "defaults"}
    assert [p["endpoint"] for p in data["out_of_the_box"]] == [OTHER, BASE]


def test_a_run_without_variants_has_no_such_section(tmp_path):
    plain = compare(write_run(tmp_path / "run", Scenario(only=(BASE,))))
    assert 'id="variants"' not in html.render(plain)
    assert "## Other settings" not in markdown.render(plain)
