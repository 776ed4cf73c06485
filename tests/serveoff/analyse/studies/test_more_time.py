"""What more time would buy: as much as is said to decide does, in most of the simulated runs that were inconclusive."""

import math

import numpy as np
import pytest

from serveoff.analyse.analysis import compare
from serveoff.analyse.statistics.bootstrap import Sampled, ratio, round_noise
from serveoff.analyse.studies.more_time import MOST_ROUNDS, round_s, rounds_needed
from serveoff.analyse.verdict import difference
from serveoff.record.suite import load_suite, save_suite
from serveoff.report import write_all
from serveoff.report.sections import more_time as words
from tests.serveoff.synthetic import Scenario, write_run

ONE, CLOSE = "flask-torchscript-rest", "flask-torch-eager-rest"
Z, WITHIN, BETWEEN = 1.96, 0.02, 0.02


def point(random, rounds):
    """A statistic over some rounds, as its bootstrap would give it."""
    value, blocks = float(np.exp(rounds.mean())), WITHIN / np.sqrt(rounds.size)
    return Sampled(value, value * np.exp(random.normal(0, blocks, 400)), np.exp(rounds), 20 * rounds.size, 1000)


class Experiment:
    """Two endpoints that truly differ, and others beside them from which the noise between rounds is known."""

    def __init__(self, seed, gap):
        self.random, self.gap = np.random.default_rng(seed), gap
        self.rounds = np.empty((12, 0))

    def measure(self, rounds):
        """Measure so many rounds more; the margin of the better one over all rounds."""
        spread = math.hypot(WITHIN, BETWEEN)
        more = self.random.normal(0, spread, (12, rounds)) + np.r_[self.gap, np.zeros(11)][:, None]
        self.rounds = np.hstack([self.rounds, more])
        points = [point(self.random, rounds) for rounds in self.rounds]
        best, other = sorted(points[:2], key=lambda p: p.value)
        return ratio(other, best, round_noise(points))


def needed(margin, rounds):
    apart = math.log(margin.value)
    return rounds_needed(apart, max(apart - math.log(margin.low), math.log(margin.high) - apart), Z, rounds)


@pytest.mark.parametrize("gap", [0.0, 0.01, 0.05])
def test_the_rounds_that_are_said_to_decide_do_so_in_most_runs(gap):
    """Of runs of three rounds that were inconclusive, and whose advice a run can take."""
    decided = []
    for seed in range(150):
        experiment = Experiment(seed, gap)
        margin = experiment.measure(3)
        rounds, _ = needed(margin, 3)
        if difference(margin) == "inconclusive" and rounds <= MOST_ROUNDS:
            decided.append(difference(experiment.measure(rounds - 3)) != "inconclusive")
    assert len(decided) >= 30
    assert np.mean(decided) > 0.55, np.mean(decided)


def test_half_of_that_decides_less_often():
    """So that the advice is not merely generous."""
    whole, half = [], []
    for seed in range(120):
        experiment = Experiment(seed, 0.05)
        margin = experiment.measure(3)
        rounds, _ = needed(margin, 3)
        if difference(margin) == "inconclusive" and 9 <= rounds <= MOST_ROUNDS:
            half.append(difference(experiment.measure(rounds // 3 - 2)) != "inconclusive")
            whole.append(difference(experiment.measure(rounds - 3)) != "inconclusive")
    assert np.mean(half) < np.mean(whole)


@pytest.mark.parametrize(
    ("apart", "half_width", "rounds", "tie"),
    [(0.05, 0.06, 9, False), (0.0, 0.06, 26, True), (0.2, 0.21, 7, False), (0.2, 0.05, 4, False)],
)
def test_the_rounds_are_the_sample_size_of_textbooks(apart, half_width, rounds, tie):
    """n = n0 ((1.96 + 0.84) se / d)^2 after three rounds, and at least one more; for a tie d is what 3% leave."""
    assert rounds_needed(apart, half_width, Z, 3) == (rounds, tie)


def test_no_difference_at_all_can_only_tie_and_an_impossible_one_needs_more_than_a_run_has():
    assert rounds_needed(0.0, 0.02, Z, 3)[1]
    assert rounds_needed(math.log(1.03) / 2, 1.0, Z, 3)[0] > MOST_ROUNDS


def inconclusive(folder, drift=0.02):
    return write_run(folder, Scenario(only=(ONE, CLOSE), rounds=3, window_s=0.5, round_drift=drift))


def test_an_inconclusive_answer_says_how_many_rounds_and_minutes_more_and_every_report_has_it(tmp_path):
    folder = inconclusive(tmp_path / "run")
    comparison = compare(folder)
    found = next(m for m in comparison.more_time.rounds if m.objective == "latency")
    assert found.rounds == 3
    assert found.more >= 1
    assert found.more_s == pytest.approx(found.more * round_s(load_suite(folder)))
    assert 0 <= found.between_rounds <= 1
    written = write_all(comparison, tmp_path / "report")
    for sentence in words.sentences(comparison):
        assert sentence.split(" would")[0] in written["markdown"].read_text().replace("\\", "")
        assert sentence.split(" would")[0] in written["html"].read_text().replace("&#39;", "'")
    assert '"more_time"' in written["json"].read_text()


def test_what_is_decided_is_not_asked_for_more(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=(ONE, "flask-keras-eager-rest"), rounds=3, round_drift=0.002))
    assert [m.objective for m in compare(folder).more_time.rounds] == []


def test_noise_between_rounds_is_told_from_the_noise_within_them(tmp_path):
    noisy = compare(inconclusive(tmp_path / "noisy", drift=0.1)).more_time.rounds
    calm = compare(inconclusive(tmp_path / "calm", drift=0.0)).more_time.rounds
    assert next(m for m in noisy if m.objective == "latency").between_rounds > 0.5
    assert all(m.between_rounds < 0.9 for m in calm)


def test_a_withheld_percentile_says_the_samples_and_seconds_that_it_lacks(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=("flask-keras-eager-rest",), rounds=2, window_s=0.3))
    comparison = compare(folder)
    lacking = comparison.more_time.samples
    found = next(m for m in lacking if m.concurrency == 1)
    entry = comparison.entry("flask-keras-eager-rest")
    assert (found.percentile, found.samples, found.needed) == ("p99", entry.alone.samples, 368)
    assert found.more_s == pytest.approx((368 - found.samples) / entry.alone.throughput.value)
    (sentence,) = words.sentences(comparison)
    most = max(lacking, key=lambda m: m.more_s)
    assert sentence.startswith(f"p99 is withheld at {len(lacking)} points. The one that lacks most, ")
    assert f"has {most.samples:,} of 368 samples" in sentence
    assert "--duration" in sentence


def test_a_round_lasts_from_its_first_window_to_the_end_of_its_last(tmp_path):
    folder = inconclusive(tmp_path / "run")
    suite = load_suite(folder)
    windows = [w for e in suite.endpoints for w in e.windows if w.round == 1]
    spans = max(w.start_s + w.duration_s for w in windows) - min(w.start_s for w in windows)
    assert round_s(suite) == pytest.approx(spans)
    suite.endpoints = []
    save_suite(folder, suite)
    assert round_s(suite) is None
