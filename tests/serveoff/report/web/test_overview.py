"""The list of runs: newest first, each with its verdict where it is analysed."""

import os
import re

import pytest

from serveoff.record.race import Look
from serveoff.record.suite import load_suite, load_without_slices
from serveoff.report.web import runs
from serveoff.report.web.app import create_app
from serveoff.report.web.overview import PER_PAGE
from tests.serveoff.report.page import Page
from tests.serveoff.report.web.conftest import SHORT, analysed, change, verdict
from tests.serveoff.synthetic import Faults, write_run
from tests.serveoff.written_runs import save_run

READER = load_without_slices.__name__


def names(answer):
    """The runs in the order of the list."""
    return re.findall(r'<h2><a href="/runs/(.*?)/">', answer.text)


def test_runs_are_listed_newest_first_with_who_where_and_how(client):
    answer = client.get("/")
    assert names(answer) == ["elsewhere", "partial", "killed", "after", "before"]
    text = Page(answer.text).text
    assert "before 2026-01-01 10:00 UTC complete Model digits_cnn Profile quick Runtime local Machine a1b2c3d4" in text
    assert "partial 2026-01-04 10:00 UTC partial" in text
    assert "Machine ffff" in text


def test_a_run_without_an_analysis_says_how_to_have_one_and_none_is_made_for_it(folder, own):
    made = write_run(folder / "run", SHORT)
    assert "not analysed yet: serveoff report run" in Page(verdict(own, "run")).text
    answer = own.get("/runs/run/")
    assert (answer.status_code, "not analysed yet: serveoff report run" in Page(answer.text).text) == (422, True)
    assert own.get("/runs/run/report.json").get_json() == {"error": "not analysed yet: serveoff report run"}
    assert own.get("/compare?a=run&b=run").status_code == 422
    assert not (made / "analysis.json").exists()
    analysed(made)
    assert "7 VALID" in Page(verdict(own, "run")).text
    assert own.get("/runs/run/").status_code == 200


def test_a_verdict_is_the_recommendation_with_its_figures_and_counts_the_points(client):
    text = Page(verdict(client, "after")).text
    assert re.search(
        r"Recommended: TorchScript on Flask \(REST\) "
        r"0\.\d+ ms median with 1 caller \(.*?\), [\d,]+ req/s with \d+ \(p99 [\d.]+ ms\), \d+ MB",
        text,
    )
    assert re.search(r"\d\.\d+ times faster than the next fastest, eager PyTorch on Flask \(REST\) \(", text)
    assert "7 VALID" in text
    assert "INVALID" not in text


def test_a_verdict_counts_points_that_do_not_count(client):
    assert "6 VALID 1 INVALID" in Page(verdict(client, "killed")).text


def test_a_run_without_a_valid_point_has_no_winner(folder, own):
    analysed(write_run(folder / "bad", SHORT, Faults(gate_failed=SHORT.only)))
    text = Page(verdict(own, "bad")).text
    assert "No recommendation: no contender has a VALID figure" in text
    assert "0 VALID 7 INVALID" in text


def test_a_run_that_goes_on_is_read_again(folder, own):
    analysed(write_run(folder / "run", SHORT, Faults(partial_after_round=1)))
    assert "partial" in Page(own.get("/").text).text
    first = verdict(own, "run")
    write_run(folder / "run", SHORT)
    later = verdict(own, "run")
    assert "not analysed yet" in later
    assert "complete" in Page(later).text
    analysed(folder / "run")
    assert verdict(own, "run") not in (first, later)


def test_a_race_that_goes_on_shows_its_standing_and_the_list_is_asked_for_again(folder, own):
    run = write_run(folder / "run", SHORT, Faults(partial_after_round=1))
    suite = load_suite(run)
    suite.looks = [Look(after_start=2, out=[], leaders=[SHORT.only[0]], pairs=6, undecided=4)]
    save_run(run, suite)
    said = "After start 2: TorchScript on Flask (REST) leads, 4 of 6 differences open, 0 out of the race"
    assert said in Page(verdict(own, "run")).text
    assert own.get("/").headers["Refresh"]
    os.utime(run / "run.json", (0, 0))
    assert "Refresh" not in own.get("/").headers, "nobody has written to it for long"
    write_run(folder / "run", SHORT)
    assert "Refresh" not in own.get("/").headers
    assert "leads" not in Page(own.get("/").text).text


def test_no_runs_yet_says_how_to_make_one_and_a_folder_may_appear_later(tmp_path):
    client = create_app(tmp_path / "later").test_client()
    text = Page(client.get("/").text).text
    assert "No runs yet" in text
    assert "make compare PROFILE=quick" in text
    write_run(tmp_path / "later" / "first", SHORT)
    assert names(client.get("/")) == ["first"]


def test_a_results_folder_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / "file").write_text("")
    answer = create_app(tmp_path / "file").test_client().get("/")
    assert answer.status_code == 200
    assert "cannot be read" in answer.text
    assert "Not a directory" in answer.text


def test_the_form_offers_the_two_newest_runs_the_older_one_as_a(client):
    form = re.search(r"<form.*?</form>", client.get("/").text, re.S)[0]
    chosen = re.findall(r'<option value="(\w+)" selected>', form)
    assert chosen == ["partial", "elsewhere"]


def test_many_runs_are_listed_in_pages_and_each_is_read_once(folder, own, monkeypatch):
    read = []
    monkeypatch.setattr(runs, READER, lambda folder: read.append(folder.name) or load_without_slices(folder))
    made = write_run(folder / "run-000", SHORT)
    text = (made / "run.json").read_text()
    for number in range(1, 400):
        (folder / f"run-{number:03d}").mkdir()
        (folder / f"run-{number:03d}" / "run.json").write_text(text)
    first, again = own.get("/"), own.get("/")
    second = own.get("/?page=2")
    assert sorted(read) == [f"run-{number:03d}" for number in range(400)], "not again while it has not changed"
    assert names(again) == names(first)
    assert names(first)[0] == "run-399"
    assert len(names(first)) == PER_PAGE
    assert names(second)[0] == f"run-{399 - PER_PAGE}"
    assert 'rel="next"' in second.text
    assert 'rel="prev"' in second.text


@pytest.mark.parametrize("page", ["0", "-3", "99", "x", "9" * 50])
def test_a_page_that_there_is_not_shows_one_that_there_is(client, page):
    assert client.get(f"/?page={page}").status_code == 200


def test_folders_without_a_run_are_not_listed(folder, own):
    (folder / "notes").mkdir()
    (folder / "file").write_text("")
    os.symlink("nowhere", folder / "dangling")
    assert "No runs yet" in own.get("/").text


def test_a_start_that_is_no_date_falls_back_to_the_file_s(folder, own):
    change(write_run(folder / "odd", SHORT), started_at="yesterday")
    os.utime(folder / "odd" / "run.json", (86_400, 86_400))
    assert "1970-01-02 00:00 UTC" in own.get("/").text


def test_of_runs_with_a_name_of_ours_only_those_on_the_page_are_read(folder, own, monkeypatch):
    read = []
    monkeypatch.setattr(runs, READER, lambda folder: read.append(folder.name) or load_without_slices(folder))
    text = (write_run(folder / "20260101-000000-aaaa", SHORT) / "run.json").read_text()
    for day in range(1, 31):
        (folder / f"202604{day:02d}-120000-aaaa").mkdir()
        (folder / f"202604{day:02d}-120000-aaaa" / "run.json").write_text(text)
    shown = names(own.get("/"))
    assert shown == [f"202604{day:02d}-120000-aaaa" for day in range(30, 30 - PER_PAGE, -1)]
    assert sorted(read) == sorted(shown)
