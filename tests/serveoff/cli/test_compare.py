"""`serveoff compare`: the gate, its exit code, its Markdown, and baselines."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from serveoff.analyse.analysis import analyse
from serveoff.analyse.evidence import LATENCY
from serveoff.analyse.regressions import regressions
from serveoff.analyse.run_diff import versus
from serveoff.analyse.statistics.max_t import ratios
from serveoff.cli import app as cli
from serveoff.cli import compare as comparing
from serveoff.errors import ExitCode, NotWritten, ResultsFailure, ServeoffError, UsageError
from serveoff.loadtests.loads import closed
from serveoff.record.problems import RequestCode
from serveoff.record.suite import load_suite
from tests.serveoff.problems import problem
from tests.serveoff.synthetic import NO_JAVA, Faults, Scenario, write_run
from tests.serveoff.written_runs import save_run

TORCHSCRIPT = "flask-torchscript-rest"
SOUND = Faults()
NAMED = ("before", "again", "slower", "elsewhere", "gone", "none")
ENDPOINTS = (TORCHSCRIPT, "flask-torch-eager-rest", "flask-savedmodel-rest", "inprocess-torchscript")


def write(folder, faults=SOUND, **changes):
    return write_run(folder, Scenario(**{"slice_s": 0.2, "only": ENDPOINTS, "round_drift": 0.0, **changes}), faults)


def without(folder, endpoint):
    """As if the run had not been asked for it."""
    suite = load_suite(folder)
    suite.endpoints = [result for result in suite.endpoints if result.endpoint != endpoint]
    save_run(folder, suite)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("results")
    write(root / "before")
    write(root / "again", seed=8)
    write(root / "slower", seed=9, speedup={TORCHSCRIPT: 0.7})
    write(root / "slightly", seed=10, speedup={TORCHSCRIPT: 0.97})
    write(root / "killed", Faults(killed=(TORCHSCRIPT,)), seed=11)
    write(root / "gone", Faults(unavailable=(TORCHSCRIPT,)), seed=13)
    write(root / "none", Faults(unavailable=ENDPOINTS), seed=14)
    without(write(root / "without", seed=15), TORCHSCRIPT)
    elsewhere = write(root / "elsewhere", seed=12)
    suite = load_suite(elsewhere)
    suite.environment.machine.id = "another"
    save_run(elsewhere, suite)
    return root


@pytest.fixture(scope="module")
def runs(folders):
    names = ("before", "again", "slower", "slightly", "killed", "gone", "without")
    return {name: analyse(folders / name) for name in names}


def compare(folders, a, b, threshold=0.05, different_machines=False):
    out = io.StringIO()
    good = comparing.compare_runs(
        str(folders / a), str(folders / b), threshold, different_machines, Console(file=out, width=400)
    )
    return good, out.getvalue()


def test_an_endpoint_that_got_slower_is_named_and_nothing_else(runs):
    worse = regressions(versus(runs["before"], runs["slower"]))
    assert {r.line.entry.name for r in worse} == {TORCHSCRIPT}
    assert {r.statistic for r in worse} >= {"p50", "throughput"}
    assert all(r.ratio.high < 1 for r in worse)


@pytest.mark.parametrize("after", ["again", "slightly"])
def test_noise_and_less_than_the_threshold_are_no_regression(runs, after):
    assert regressions(versus(runs["before"], runs[after])) == []


def test_with_a_lower_threshold_what_is_sure_counts(runs):
    worse = regressions(versus(runs["before"], runs["slower"]), threshold=0.6)
    assert worse == [], "43% slower is not 60%"


def test_faster_is_no_regression(runs):
    assert regressions(versus(runs["slower"], runs["before"])) == []


def test_a_point_that_no_longer_counts_is_a_regression(runs):
    worse = regressions(versus(runs["before"], runs["killed"]))
    assert [(r.line.entry.name, r.line.concurrency, r.ratio) for r in worse] == [(TORCHSCRIPT, 16, None)]
    assert "no longer VALID" in worse[0].why


def test_an_endpoint_that_no_longer_starts_is_a_regression_at_every_load(runs):
    worse = regressions(versus(runs["before"], runs["gone"]))
    assert [(r.line.entry.name, r.line.concurrency, r.ratio) for r in worse] == [
        (TORCHSCRIPT, callers, None) for callers in (1, 4, 16)
    ]
    assert {r.why for r in worse} == {f"no longer VALID: it could not run: {NO_JAVA}"}
    assert worse[0].line.pair("p50").why == "could not run in B"


def test_one_that_the_later_run_was_not_asked_for_is_none(runs):
    found = versus(runs["before"], runs["without"])
    assert regressions(found) == []
    assert {line.pair("p50").why for line in found.lines if line.entry.name == TORCHSCRIPT} == {"not in B"}


def test_nor_are_callers_that_it_was_not_asked_for(folders, runs, tmp_path):
    gone = write(tmp_path / "gone", Faults(unavailable=(TORCHSCRIPT,)), concurrencies=(1,))
    assert [r.line.concurrency for r in regressions(versus(runs["before"], analyse(gone)))] == [1]


@pytest.mark.parametrize("code", [RequestCode.NO_ARTIFACT, RequestCode.SHORT_RUN])
def test_nor_one_that_is_left_out_on_purpose(folders, runs, tmp_path, code):
    spared = write(tmp_path / "spared", Faults(unavailable=(TORCHSCRIPT,)))
    suite = load_suite(spared)
    suite.endpoint(TORCHSCRIPT).unavailable = problem(code, "not asked")
    save_run(spared, suite)
    assert regressions(versus(runs["before"], analyse(spared))) == []


def test_intervals_hold_for_all_lines_of_a_statistic_together(runs):
    before, again = (runs[name].evidence.sampled for name in ("before", "again"))
    found = versus(runs["before"], runs["again"])
    line = next(line for line in found.lines if line.entry.name == TORCHSCRIPT)
    key = TORCHSCRIPT, closed(line.concurrency)
    together, (alone,) = line.pair("p50").ratio, ratios([(before[key]["p50"], again[key]["p50"])])
    assert together.value == alone.value
    assert together.high > alone.high > alone.low > together.low


def test_a_machine_that_drifts_makes_two_runs_hard_to_compare_and_not_two_endpoints(runs):
    def drifting(analysis):
        sampled = analysis.evidence.sampled
        moved = {key: {n: replace(s, machine=0.2) for n, s in known.items()} for key, known in sampled.items()}
        return replace(analysis, evidence=replace(analysis.evidence, sampled=moved, _pairs={}))

    steady, drifted = versus(runs["before"], runs["slower"]), versus(*map(drifting, (runs["before"], runs["slower"])))
    assert regressions(steady)
    assert regressions(drifted) == []
    pairs = [d.evidence.contrasted(LATENCY) for d in (runs["before"], drifting(runs["before"]))]
    assert pairs[0] == pairs[1]


def test_the_markdown_opens_with_the_verdict_and_has_every_figure(folders):
    good, text = compare(folders, "before", "slower")
    assert not good
    assert text.startswith("# Regression: 1 endpoint slower")
    assert "## What got worse" in text
    assert "## Endpoint by endpoint" in text
    good, text = compare(folders, "before", "again")
    assert good
    assert text.startswith("# No regression")
    assert "## What got worse" not in text


def test_different_machines_are_refused_unless_asked_for(folders):
    with pytest.raises(UsageError, match="different machines"):
        compare(folders, "before", "elsewhere")
    assert compare(folders, "before", "elsewhere", different_machines=True)[0]


def test_a_baseline_gives_the_verdict_of_its_run(folders, tmp_path):
    file = tmp_path / "baseline.json"
    comparing.store_baseline(str(folders / "before"), file)
    assert file.stat().st_size < 1_000_000
    for after, good in (("slower", False), ("again", True), ("killed", False)):
        out = io.StringIO()
        assert comparing.compare_runs(str(file), str(folders / after), 0.05, False, Console(file=out)) is good
        assert "before" in out.getvalue()


def test_a_baseline_keeps_figures_and_intervals_to_the_digits_shown(folders, runs, tmp_path):
    file = tmp_path / "baseline.json"
    comparing.store_baseline(str(folders / "before"), file)
    kept, whole = comparing.load(str(file)), runs["before"]
    for stored, measured in zip(versus(kept, runs["again"]).lines, versus(whole, runs["again"]).lines, strict=True):
        for one, other in zip(stored.pairs, measured.pairs, strict=True):
            assert one.a == other.a
            if one.ratio is not None:
                assert one.ratio.value == pytest.approx(other.ratio.value)
                assert one.ratio.low == pytest.approx(other.ratio.low, rel=0.02)


def test_a_baseline_that_cannot_be_written_is_named(folders, tmp_path):
    with pytest.raises(NotWritten, match=r"cannot write the baseline .*b\.json: No such file") as failed:
        comparing.store_baseline(str(folders / "before"), tmp_path / "gone" / "b.json")
    assert (failed.value.exit_code, failed.value.hint) == (ExitCode.UNWRITABLE, "name another file")


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"baseline": 2}', "\x00", json.dumps({"baseline": 1})])
def test_a_file_that_is_no_baseline_is_refused(tmp_path, content):
    file = tmp_path / "b.json"
    file.write_text(content)
    with pytest.raises(ResultsFailure, match="is not a baseline"):
        comparing.load(str(file))


def test_the_exit_code_is_99_for_a_regression_only(folders):
    runner = CliRunner()
    names = {name: str(folders / name) for name in NAMED}
    assert runner.invoke(cli.app, ["compare", names["before"], names["slower"]]).exit_code == ExitCode.REGRESSION == 99
    for gone in ("gone", "none"):
        assert runner.invoke(cli.app, ["compare", names["before"], names[gone]]).exit_code == ExitCode.REGRESSION
    nothing = runner.invoke(cli.app, ["compare", names["none"], names["before"]])
    assert nothing.exception.exit_code == ExitCode.RESULTS
    assert runner.invoke(cli.app, ["compare", names["before"], names["again"]]).exit_code == 0
    assert runner.invoke(cli.app, ["compare", names["before"], names["slower"], "--threshold", "60"]).exit_code == 0
    failed = runner.invoke(cli.app, ["compare", names["before"], names["elsewhere"]])
    assert isinstance(failed.exception, ServeoffError)
    assert failed.exception.exit_code == ExitCode.USAGE
