"""What was computed is kept, for as long as there is room, and never computed twice at once."""

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from serveoff.analyse.analysis import analyse
from serveoff.report.web.analyses import WAITING, Analyses
from serveoff.report.web.app import create_app
from serveoff.report.web.cache import Cache
from serveoff.report.web.runs import find_run


def test_the_value_that_was_not_asked_for_the_longest_goes_first():
    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c"), len(cache)) == (1, None, 3, 2)


def test_an_analysis_is_made_once_however_many_ask(results):
    analyses, found = Analyses(), find_run(results, "before")
    with ThreadPoolExecutor(WAITING) as threads:
        made = list(threads.map(lambda _: analyses.of(found), range(WAITING)))
    assert len({id(analysis) for analysis in made}) == 1


def test_who_comes_when_too_many_wait_is_sent_away_and_the_rest_of_the_page_goes_on(results, monkeypatch):
    may_end = threading.Event()
    monkeypatch.setattr("serveoff.report.web.analyses.analyse", lambda folder: may_end.wait(60) and analyse(folder))
    app = create_app(results)
    with ThreadPoolExecutor(WAITING + 1) as threads:
        asked = [threads.submit(app.test_client().get, "/runs/before/report.json") for _ in range(WAITING + 1)]
        (sent_away,), patient = wait(asked, timeout=60, return_when=FIRST_COMPLETED)
        others = [app.test_client().get(path).status_code for path in ("/healthz", "/")]
        may_end.set()
        assert (sent_away.result().status_code, sent_away.result().headers["Retry-After"]) == (503, "2")
        assert "being analysed" in sent_away.result().get_json()["error"]
        assert others == [200, 200]
        assert [request.result().status_code for request in patient] == [200] * WAITING


def test_only_so_many_analyses_are_kept(results):
    analyses = Analyses(kept=1)
    before = analyses.of(find_run(results, "before"))
    analyses.of(find_run(results, "after"))
    assert analyses.of(find_run(results, "before")) is not before


@pytest.mark.parametrize("limit", [1, 3])
def test_a_cache_never_outgrows_its_limit(limit):
    cache = Cache(limit)
    for number in range(10):
        cache.put(number, number)
    assert len(cache) == limit
