"""Lower precisions, on runs whose truth is known, and in every form of the report."""

import json

import pytest

from serveoff.analyse.analysis import analyse, compare
from serveoff.analyse.analysis_file import analysis_of, stored_analysis
from serveoff.record.endpoint_results import LabelledAnswers
from serveoff.record.problems import Problem, StartCode
from serveoff.record.suite import load_suite, save_suite
from serveoff.report.contents import document
from serveoff.report.formats import html, markdown
from serveoff.report.formats import json as json_form
from serveoff.report.sections.variants import precision
from tests.serveoff.synthetic import Scenario, write_run
from tests.serveoff.variant_runs import add_payload, add_variant

ONNX, SCRIPT = "flask-tuned-onnx-rest", "flask-tuned-torchscript-rest"
SAMPLES = 360


def graded(wrong):
    """Answers to all samples, of which these are wrong."""
    return LabelledAnswers(samples=SAMPLES, right=[number not in wrong for number in range(SAMPLES)])


def write(folder, lower_wrong=range(20), full_wrong=range(6), labelled=True, speedup=1.3):
    """A run with ONNX in full precision and in int8, whose gate saw errors that no contender may have."""
    run = write_run(folder / "run", Scenario(only=(ONNX, SCRIPT), round_drift=0.003))
    add_payload(run, ONNX, "", 0.2, batch=8)
    name = add_variant(run, ONNX, "precision=int8", speedup)
    suite = load_suite(run)
    lower, full = suite.endpoint(name), suite.endpoint(ONNX)
    lower.precision = "int8"
    lower.gate = lower.gate.model_copy(update={"max_abs_error": 0.03, "worst_share": 3000.0, "top1_agreement": 0.98})
    if labelled:
        lower.labelled, full.labelled = graded(lower_wrong), graded(full_wrong)
    save_suite(run, suite)
    return run


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    return compare(write(tmp_path_factory.mktemp("precision")))


def test_it_is_told_what_is_gained_and_what_is_lost_on_the_same_samples(comparison):
    (lower,) = comparison.lower_precisions
    assert (lower.precision, lower.base.name, lower.problem) == ("int8", ONNX, "")
    assert lower.speeds[0].rows == 1
    assert lower.speeds[0].ratio.low < 1.3 < lower.speeds[0].ratio.high
    assert (lower.accuracy.only_full, lower.accuracy.only_lower, lower.accuracy.available) == (14, 0, SAMPLES)
    assert lower.accuracy.lost.value == pytest.approx(14 / SAMPLES)
    assert 0 < lower.accuracy.lost.low < 14 / SAMPLES < lower.accuracy.lost.high


def test_batches_are_compared_where_both_were_measured_with_them(comparison):
    assert {speed.rows for speed in comparison.lower_precisions[0].speeds} == {1, 8}


def test_it_never_ranks_however_fast_it_is_and_is_not_invalid_for_its_errors(comparison):
    (lower,) = comparison.lower_precisions
    assert (lower.entry.role, lower.entry.rank, lower.entry.alone.valid) == ("variant", None, True)
    assert lower.entry.alone.p50_s.value < min(e.alone.p50_s.value for e in comparison.entries if e.rank)
    assert lower.entry.name not in json.dumps(json_form.decision_record(comparison))
    assert comparison.sweeps.changes == ()


def test_one_sentence_says_both(comparison):
    lead = precision.section(comparison).lead
    assert lead.startswith("int8 ONNX on tuned Flask is 1.3 times faster (1.3–1.3) and loses 3.9")
    assert " points of accuracy (1.9–6.4) on 360 samples; with 8 rows a request it is 1.3 times faster" in lead


def test_it_is_in_every_form_of_the_report(comparison):
    assert "precision" in [section.id for section in document(comparison).folds]
    (record,) = json.loads(json_form.render(comparison))["lower_precisions"]
    assert (record["precision"], record["speeds"][0]["outcome"]) == ("int8", "faster")
    assert record["accuracy"]["lost"]["value"] == pytest.approx(14 / SAMPLES)
    for form in (html, markdown):
        assert "points of accuracy" in form.render(comparison)


def test_it_is_stored_with_the_analysis(tmp_path):
    run = write(tmp_path)
    made = analysis_of(run).comparison.lower_precisions
    assert stored_analysis(run).comparison.lower_precisions == made == analyse(run).comparison.lower_precisions


@pytest.mark.parametrize(
    ("lower_wrong", "says"),
    [
        (range(7), "shows no clear loss of accuracy on 360 samples: 0.3 points (-"),
        (range(3), "shows no clear loss of accuracy on 360 samples: -0.8 points (-"),
    ],
)
def test_a_loss_that_may_be_none_is_not_called_one(tmp_path, lower_wrong, says):
    assert says in precision.section(compare(write(tmp_path, lower_wrong))).lead


def test_a_clear_gain_is_told_as_one(tmp_path):
    lead = precision.section(compare(write(tmp_path, range(6), range(40)))).lead
    assert "gains 9.4 points of accuracy (" in lead


def test_only_samples_that_both_were_asked_for_count(tmp_path):
    run = write(tmp_path)
    suite = load_suite(run)
    suite.endpoint(ONNX).labelled.right[100:] = []
    save_suite(run, suite)
    found = compare(run)
    assert found.lower_precisions[0].accuracy.lost.samples == 100
    assert "on 100 samples" in precision.section(found).lead
    assert any(cell.small == "of 360" for row in precision.table(found).rows for cell in row)


@pytest.mark.parametrize(("source", "advice"), [("zoo", False), ("onnx", True)])
def test_without_labelled_samples_it_says_so_and_how_an_import_gets_them(tmp_path, source, advice):
    run = write(tmp_path, labelled=False)
    suite = load_suite(run)
    suite.model_source = source
    save_suite(run, suite)
    made = precision.section(compare(run))
    assert "accuracy" not in made.lead
    assert made.paragraphs[0].startswith(precision.NO_LABELS)
    assert ("`--labels`" in made.paragraphs[0]) is advice
    assert "Accuracy" not in [column.title for column in made.table.columns]


def test_a_cpu_that_has_none_says_so(tmp_path):
    run = write(tmp_path)
    suite = load_suite(run)
    lower = next(e for e in suite.endpoints if e.variant)
    lower.unavailable = Problem(code=StartCode.ENDED, text="it ended: this CPU has no bfloat16\nits log")
    lower.windows = []
    save_suite(run, suite)
    made = precision.section(compare(run))
    assert made.lead == "No lower precision could be measured."
    assert made.items == ("int8 ONNX on tuned Flask: it ended: this CPU has no bfloat16.",)
    assert made.table is None


def test_a_run_without_one_has_no_such_section(tmp_path):
    run = write_run(tmp_path / "run", Scenario(only=(ONNX, SCRIPT)))
    assert precision.section(compare(run)) is None


def test_an_endpoint_that_was_asked_for_no_sample_has_no_accuracy(tmp_path):
    run = write(tmp_path)
    suite = load_suite(run)
    suite.endpoint(ONNX).labelled.right.clear()
    save_suite(run, suite)
    assert compare(run).lower_precisions[0].accuracy is None
