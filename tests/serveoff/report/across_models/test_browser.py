"""The summary in Chromium: axe-core finds no fault, no words are cut off or cover others, tables sort."""

import pytest

from serveoff.report.across_models.contents import beside, document
from serveoff.report.formats import html
from tests.chromium import ENOUGH_FOR_EVERY_TABLE, faults, needs_chromium, opened
from tests.serveoff.six import summary_of_six

pytestmark = [*needs_chromium, pytest.mark.slow]
UNFOLD = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
CUT = """() => [...document.querySelectorAll("svg text")].filter((e) => e.getClientRects().length).filter((words) => {
  const [w, s] = [words.getBoundingClientRect(), words.ownerSVGElement.getBoundingClientRect()];
  return w.left < s.left - 1 || w.right > s.right + 1 || w.top < s.top - 1 || w.bottom > s.bottom + 1;
}).map((words) => words.textContent)"""
COVERED = """() => [...document.querySelectorAll("svg.chart")].flatMap((svg) => {
  const words = [...svg.querySelectorAll("text")].filter((e) => e.getClientRects().length)
    .map((w) => [w.textContent, w.getBoundingClientRect()]);
  return words.flatMap(([a, r], i) => words.slice(i + 1).filter(([, s]) =>
    Math.min(r.right, s.right) - Math.max(r.left, s.left) > 1
    && Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top) > 4).map(([b]) => [a, b]));
})"""
WIDTHS = [360, 390, 768, 1024, 1280]
LOOKS = [
    ("sound", 390, "dark"),
    ("sound", 1280, "light"),
    ("sound", ENOUGH_FOR_EVERY_TABLE, "light"),
    ("faulty", 390, "light"),
    ("faulty", ENOUGH_FOR_EVERY_TABLE, "dark"),
]
"""Each summary, scheme and width: not all of them with all."""


@pytest.fixture(scope="module")
def addresses(sound, faulty, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    summaries = {"sound": sound, "faulty": faulty, "six": summary_of_six(folder / "results")}
    for name, summary in summaries.items():
        (folder / f"{name}.html").write_text(html.page(document(summary, beside)), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in summaries}


@pytest.mark.parametrize(("name", "width", "scheme"), LOOKS)
def test_axe_finds_no_fault(browser, addresses, name, width, scheme):
    with opened(browser, addresses[name], width, color_scheme=scheme) as page:
        page.evaluate(UNFOLD)
        assert faults(page) == {}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["sound", "faulty", "six"])
def test_nothing_is_cut_off_or_covered_and_the_page_never_scrolls_sideways(browser, addresses, name, width):
    with opened(browser, addresses[name], width) as page:
        page.evaluate(UNFOLD)
        assert page.evaluate(CUT) == []
        assert page.evaluate(COVERED) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert (
            page.evaluate("[...document.querySelectorAll('svg.chart')].filter((e) => e.checkVisibility()).length") == 1
        )


def test_a_table_is_sorted_by_key(browser, addresses):
    with opened(browser, addresses["sound"]) as page:
        page.evaluate(UNFOLD)
        heading = page.locator(".t-ranks thead button", has_text="large_net")
        heading.focus()
        page.keyboard.press("Enter")
        column = "[...document.querySelectorAll('.t-ranks tbody tr')].map((r) => Number(r.cells[3].dataset.sort))"
        ranks = page.evaluate(column)
        assert ranks == sorted(ranks)


def test_without_script_every_section_opens_by_its_address(browser, addresses):
    address = f"{addresses['sound']}#ranks"
    with opened(browser, address, java_script_enabled=False, reduced_motion="reduce") as page:
        page.locator(".t-ranks").wait_for(state="visible")
