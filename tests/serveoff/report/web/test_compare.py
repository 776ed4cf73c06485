"""Two runs side by side: figures, ratios with their intervals, and what must not be compared."""

import re
from itertools import pairwise

import pytest

from serveoff.analyse.analysis import analyse
from serveoff.analyse.run_diff import versus
from serveoff.record.suite import load_suite
from serveoff.report.web.differences import differences
from tests.serveoff.report.page import Page
from tests.serveoff.report.web.conftest import SHORT, analysed, change
from tests.serveoff.synthetic import Scenario, write_run

TORCHSCRIPT, EAGER = "flask-torchscript-rest", "flask-torch-eager-rest"


@pytest.fixture(scope="module")
def runs(results):
    return {name: analyse(results / name) for name in ("before", "after", "killed", "partial", "elsewhere")}


def words(found, endpoint, statistic="p50"):
    """Concurrency to the word that fell."""
    return {line.concurrency: line.pair(statistic).word for line in found.lines if line.entry.name == endpoint}


def lines(answer, table="versus"):
    return Page(answer.text).tables[f"{table}"][1:]


def test_what_became_faster_is_found_with_its_factor_and_the_rest_is_not_called_different(runs):
    found = versus(runs["before"], runs["after"])
    assert words(found, TORCHSCRIPT) == {1: "faster", 4: "faster", 16: "faster"}
    assert words(found, TORCHSCRIPT, "throughput") == {1: "faster", 4: "faster", 16: "faster"}
    alone = next(line for line in found.lines if (line.entry.name, line.concurrency) == (TORCHSCRIPT, 1))
    ratio = alone.pair("p50").ratio
    assert ratio.low < 1.4 < ratio.high
    assert set(words(found, EAGER).values()) <= {"tied", "undecided"}


def test_the_other_way_round_it_is_slower_by_the_same(runs):
    there, back = versus(runs["before"], runs["after"]), versus(runs["after"], runs["before"])
    assert words(back, TORCHSCRIPT) == {1: "slower", 4: "slower", 16: "slower"}
    for one, other in zip(there.lines, sorted(back.lines, key=there_order(there)), strict=True):
        assert one.pair("p50").ratio.value * other.pair("p50").ratio.value == pytest.approx(1)


def there_order(there):
    keys = [(line.entry.name, line.concurrency) for line in there.lines]
    return lambda line: keys.index((line.entry.name, line.concurrency))


def test_runs_of_one_seed_do_not_share_their_draws(tmp_path):
    """With the same draws of blocks a run would equal itself for certain, which no measurement can show."""
    run = analyse(write_run(tmp_path / "run", Scenario(slice_s=0.08, only=SHORT.only)))
    for line in versus(run, run).lines:
        ratio = line.pair("p50").ratio
        assert ratio.low < ratio.value == 1 < ratio.high


def test_two_runs_of_the_same_are_seldom_called_different(tmp_path):
    quiet = [Scenario(slice_s=0.16, only=SHORT.only, seed=seed) for seed in range(20, 28)]
    made = [analyse(write_run(tmp_path / str(s.seed), s)) for s in quiet]
    said = [
        word
        for one, other in pairwise(made)
        for statistic in ("p50", "throughput")
        for word in words(versus(one, other), TORCHSCRIPT, statistic).values()
    ]
    assert sum(word in ("faster", "slower") for word in said) / len(said) <= 0.1


def test_an_invalid_point_is_not_compared_and_says_so(runs, client):
    found = versus(runs["before"], runs["killed"])
    assert words(found, TORCHSCRIPT)[16] == "not comparable"
    assert words(found, TORCHSCRIPT)[1] != "not comparable"
    answer = client.get("/compare?a=before&b=killed")
    row = next(row for row in lines(answer) if row[0].startswith("TorchScript · REST") and row[1] == "16")
    assert row[3:5] == ["INVALID", "not comparable\nINVALID in B"]
    invalid = Page(answer.text).tables["invalid"][1:]
    assert [(row[0], row[2]) for row in invalid] == [("B", "16")]
    assert "killed by signal 9" in invalid[0][3]


def test_an_endpoint_that_one_run_lacks_is_shown_and_not_compared(client):
    answer = client.get("/compare?a=before&b=killed")  # there one endpoint has another name
    gone = next(row for row in lines(answer) if row[0].startswith("eager PyTorch") and row[4].startswith("not"))
    assert gone[4] == "not comparable\nnot in B"
    assert any("not comparable\nnot in A" in row for row in lines(answer))


def test_the_page_shows_both_figures_the_ratio_its_interval_and_the_word(client):
    answer = client.get("/compare?a=before&b=after")
    row = next(row for row in lines(answer) if row[0].startswith("TorchScript · REST") and row[1] == "1")
    assert all(re.fullmatch(r"[\d.,]+\n[\d.,]+–[\d.,]+", figure) for figure in (row[2], row[3], row[8], row[9]))
    assert re.fullmatch(r"faster\n1\.\d+× \[1\.\d+–1\.\d+\]", row[4])
    text = Page(answer.text).text
    assert "run B against run A: 3 faster" in text
    assert answer.text.count('class="chart"') == 2


def test_what_differed_is_listed_and_nothing_else(client):
    rows = lines(client.get("/compare?a=before&b=after"), "differences")
    assert rows == [["workers", "1", "2"]]
    same = client.get("/compare?a=before&b=before")
    assert "were the same in both runs" in same.text
    assert "one run, compared with itself" in Page(same.text).text


def test_an_endpoint_s_own_differences_are_listed_once(results):
    one, other = (load_suite(results / "before") for _ in range(2))
    other.endpoints[1].device = "cuda:0"
    other.environment.machine.accelerators = ["NVIDIA L4", "NVIDIA L4"]
    for endpoint in other.endpoints:
        endpoint.request_bytes = 99
    found = {d.what: (d.a, d.b) for d in differences(one, other)}
    deployment = other.endpoints[1].deployment
    assert found == {
        "accelerators": ("–", "2 × NVIDIA L4"),
        f"device of {deployment}": ("cpu", "cuda:0"),
        "bytes of one json request": ("16884", "99"),
        "bytes of one array request": ("–", "99"),
    }


def test_different_machines_are_a_loud_notice_and_ratios_are_withheld(runs, client):
    assert versus(runs["before"], runs["elsewhere"]).withheld
    answer = client.get("/compare?a=before&b=elsewhere")
    text = Page(answer.text).text
    assert 'role="alert"' in answer.text
    assert "Different machines." in text
    assert "Different models." in text
    assert "×" not in "".join(cell for row in lines(answer) for cell in row)
    assert all(row[4] == "withheld\ndifferent machines" for row in lines(answer))
    assert 'class="chart"' not in answer.text
    assert 'href="/compare?a=before&amp;b=elsewhere&amp;machines=different"' in answer.text


def test_ratios_of_different_machines_are_given_to_who_asks_and_the_notice_stays(client):
    answer = client.get("/compare?a=before&b=elsewhere&machines=different")
    assert "Different machines." in Page(answer.text).text
    assert any(row[4].startswith("faster\n") for row in lines(answer))


def test_a_percentile_with_too_few_samples_is_not_compared(tmp_path):
    few = Scenario(slice_s=0.01, only=SHORT.only)
    one, other = (analyse(write_run(tmp_path / str(seed), few)) for seed in (1, 2))
    both = [x for x in versus(one, other).lines if x.entry.name == TORCHSCRIPT and x.a.valid and x.b.valid]
    assert both
    for line in both:
        assert line.pair("p99").word == "not comparable"
        assert line.pair("p99").why == "too few samples"
        assert line.pair("p50").ratio is not None


def test_provisional_figures_are_said_to_be(client):
    assert "Run B is partial" in Page(client.get("/compare?a=before&b=partial").text).text


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 302), ("a=before", 400), ("b=before", 400), ("a=before&b=nope", 404), ("a=..&b=before", 404)],
)
def test_without_two_runs_there_is_nothing_to_compare(client, query, status):
    assert client.get(f"/compare?{query}").status_code == status


def test_a_changed_run_is_compared_as_it_is_now(folder, own):
    analysed(write_run(folder / "a", SHORT))
    analysed(change(write_run(folder / "b", SHORT), workers=1))
    assert "workers" not in Page(own.get("/compare?a=a&b=b").text).text
    analysed(change(folder / "b", workers=4))
    assert ["workers", "1", "4"] in lines(own.get("/compare?a=a&b=b"), "differences")
