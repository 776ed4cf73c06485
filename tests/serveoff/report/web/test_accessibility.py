"""axe-core finds no fault in the pages of the service, and they can be used by key."""

import pytest

from tests.chromium import faults, needs_chromium, opened
from tests.serveoff.report.test_accessibility import FOCUSED, REACHABLE
from tests.serveoff.report.web.conftest import analysed
from tests.serveoff.report.web.test_process import Running
from tests.serveoff.synthetic import Scenario, write_run

pytestmark = [*needs_chromium, pytest.mark.slow]
PAGES = ["/", "/compare?a=before&b=after", "/compare?a=before&b=elsewhere", "/runs/before/", "/runs/nope/"]
LOOKS = [(390, "dark"), (1280, "light"), (1280, "dark")]
SHOWN = [
    *(("/compare?a=before&b=after", *look) for look in LOOKS),
    *((path, *LOOKS[n % 3]) for n, path in enumerate(PAGES) if path != "/compare?a=before&b=after"),
]
"""Every page, and the one with the most on it in each look."""
MISSING = "Failed to load resource: the server responded with a status of 404 (NOT FOUND)"


@pytest.fixture(scope="module")
def running(results):
    page = Running(results)
    yield page
    page.stop()


@pytest.fixture
def at(running, browser):
    def open_(path, width=1280, **settings):
        return opened(browser, f"http://{running.host}:{running.port}{path}", width, **settings)

    return open_


@pytest.mark.parametrize(("path", "width", "scheme"), SHOWN)
def test_axe_finds_no_fault(at, path, width, scheme):
    with at(path, width, color_scheme=scheme, expected=[MISSING] if path == "/runs/nope/" else []) as page:
        assert faults(page) == {}


@pytest.mark.parametrize("path", ["/", "/compare?a=before&b=after"])
def test_the_tab_key_reaches_everything_and_shows_where_it_is(at, path):
    with at(path, reduced_motion="reduce") as page:
        expected, seen = page.evaluate(REACHABLE), []
        for _ in expected:
            page.keyboard.press("Tab")
            seen.append(page.evaluate(FOCUSED))
        assert [at["stop"] for at in seen] == expected
        assert [at["name"] for at in seen if not (at["ring"] and at["inView"])] == []


def test_a_long_table_of_two_runs_can_be_filtered(tmp_path, browser):
    for name in ("a", "b"):
        analysed(write_run(tmp_path / name, Scenario(slice_s=0.08)))
    page_ = Running(tmp_path)
    try:
        with opened(browser, f"http://{page_.host}:{page_.port}/compare?a=a&b=b") as page:
            page.get_by_label("Filter rows").first.fill("grpc")
            shown = page.locator(".t-versus tbody tr:not([hidden]):not(.group)").all_inner_texts()
            assert shown
            assert all("gRPC" in row for row in shown)
    finally:
        page_.stop()
