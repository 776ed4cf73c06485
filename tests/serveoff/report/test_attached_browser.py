"""The page of attached endpoints in Chromium: axe-core finds no fault, and nothing is cut off, narrow or wide."""

import pytest

from serveoff.report import write_all
from tests.chromium import faults, needs_chromium, opened
from tests.serveoff.report.test_accessibility import OPEN_BOXES

pytestmark = needs_chromium
CUT_OFF = """() => [...document.querySelectorAll("svg text")].filter((w) => w.getClientRects().length).filter((w) => {
  const [r, s] = [w.getBoundingClientRect(), w.ownerSVGElement.getBoundingClientRect()];
  return r.left < s.left - 1 || r.right > s.right + 1 || r.top < s.top - 1 || r.bottom > s.bottom + 1;
}).map((w) => w.textContent)"""


@pytest.fixture(scope="module")
def page_of(attached_analysis, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return lambda run: write_all(attached_analysis(run).comparison, folder / run, ("html",))["html"].as_uri()


@pytest.mark.parametrize(("run", "width", "scheme"), [("several", 390, "dark"), ("seen", 1280, "light")])
def test_it_can_be_read_by_all(browser, page_of, run, width, scheme):
    with opened(browser, page_of(run), width, color_scheme=scheme) as page:
        page.evaluate(OPEN_BOXES)
        assert faults(page) == {}
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
