"""The page for those who see little, use no mouse, or want no motion: axe-core, and the keyboard, in Chromium."""

import pytest

from tests.chromium import ENOUGH_FOR_EVERY_TABLE, faults, needs_chromium, opened
from tests.serveoff.report.conftest import RUNS

pytestmark = needs_chromium
OPEN_BOXES = "document.querySelectorAll('details').forEach((box) => { box.open = true; })"
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter((e) => e.checkVisibility() && e.tabIndex >= 0).map((e, n) => { e.dataset.stop = n; return n; })"""
FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e), r = e.getBoundingClientRect();
  const [x, y] = [(r.left + r.right) / 2, (r.top + Math.min(r.bottom, innerHeight + r.top)) / 2];
  const top = document.elementFromPoint(x, y);
  return {
    stop: e.dataset.stop === undefined ? null : Number(e.dataset.stop), name: e.outerHTML.slice(0, 90),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inView: r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth,
    covered: r.height < innerHeight / 2 && !(top && (e.contains(top) || top.contains(e))),
  };
}"""


def address(rendered, run):
    return rendered[run].paths["html"].as_uri()


LOOKS = [
    ("clean", 390, "dark"),
    ("clean", ENOUGH_FOR_EVERY_TABLE, "light"),
    *((run, ENOUGH_FOR_EVERY_TABLE, ("light", "dark")[n % 2]) for n, run in enumerate(RUNS) if run != "clean"),
]
"""Every table and every fault, each scheme, and a telephone: not all of them with all."""


@pytest.mark.parametrize(("run", "width", "scheme"), LOOKS)
def test_axe_finds_no_fault(browser, rendered, run, scheme, width):
    with opened(browser, address(rendered, run), width, color_scheme=scheme) as page:
        page.evaluate(OPEN_BOXES)
        assert faults(page) == {}


def test_axe_would_find_a_fault(browser, rendered):
    with opened(browser, address(rendered, "clean"), ENOUGH_FOR_EVERY_TABLE) as page:
        page.evaluate("""() => {
          const main = document.querySelector("main");
          main.insertAdjacentHTML("afterbegin", '<p style="color:#bbb">pale</p><input><img src="data:,">');
          document.querySelector("svg.chart").removeAttribute("aria-label");
        }""")
        assert {"color-contrast", "label", "image-alt", "svg-img-alt"} <= set(faults(page))


@pytest.mark.parametrize("width", [390, 1280])
def test_the_tab_key_reaches_everything_in_order_and_shows_where_it_is(browser, rendered, width):
    with opened(browser, address(rendered, "clean"), width, reduced_motion="reduce") as page:
        page.evaluate(OPEN_BOXES)
        expected = page.evaluate(REACHABLE)
        seen = []
        for _ in expected:
            page.keyboard.press("Tab")
            seen.append(page.evaluate(FOCUSED))
        assert [at["stop"] for at in seen] == expected
        assert len(expected) > 60
        assert [at["name"] for at in seen if not at["ring"]] == []
        assert [at["name"] for at in seen if not at["inView"]] == []
        assert [at["name"] for at in seen if at["covered"]] == []


def test_the_first_tab_offers_to_skip_to_the_answer(browser, rendered):
    with opened(browser, address(rendered, "clean"), reduced_motion="reduce") as page:
        page.keyboard.press("Tab")
        link = page.locator(".skip")
        assert link.bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#recommendation"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_table_is_sorted_and_a_box_opened_by_key(browser, rendered):
    with opened(browser, address(rendered, "clean")) as page:
        page.locator("details:has(.t-points) > summary").focus()
        page.keyboard.press("Enter")
        assert page.locator(".t-points").is_visible()
        heading = page.locator(".t-points th[scope=col]", has_text="Rate")
        heading.locator("button").focus()
        page.keyboard.press("Enter")
        assert heading.get_attribute("aria-sort") == "ascending"
        page.keyboard.press("Space")
        assert heading.get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize("script", [True, False])
def test_a_row_of_the_matrix_leads_to_its_evidence_by_key(browser, rendered, script):
    settings = {"java_script_enabled": script, "reduced_motion": "reduce"}
    with opened(browser, address(rendered, "clean"), **settings) as page:
        link = page.locator("#matrix tbody a").first
        row = page.locator(f"[id='{link.get_attribute('href').removeprefix('#')}']")
        assert not row.is_visible(), "the evidence is folded up"
        link.focus()
        page.keyboard.press("Enter")
        row.wait_for(state="visible")
        assert 0 <= row.bounding_box()["y"] < 900


def test_a_click_anywhere_on_a_row_opens_its_evidence(browser, rendered):
    with opened(browser, address(rendered, "clean"), reduced_motion="reduce") as page:
        page.locator("#verdicts tbody td").last.click()
        page.locator("#claim-c10").wait_for(state="visible")


def test_a_link_from_elsewhere_opens_its_fold(browser, rendered):
    with opened(browser, f"{address(rendered, 'clean')}#claim-c1", reduced_motion="reduce") as page:
        page.locator(".t-claim-c1").wait_for(state="visible")


def test_one_button_opens_all_the_evidence_and_closes_it(browser, rendered):
    with opened(browser, address(rendered, "clean")) as page:
        button = page.locator("button.all")
        for name, state in (("Open all", True), ("Close all", False)):
            assert button.inner_text() == name
            button.click()
            assert page.evaluate(
                f"[...document.querySelectorAll('details')].every((box) => box.open === {str(state).lower()})"
            )


def test_a_mark_says_its_figure_to_pointer_finger_and_key(browser, rendered):
    with opened(browser, address(rendered, "clean"), has_touch=True) as page:
        chart, tip = page.locator("#load svg.chart:visible"), page.locator(".tip")
        assert not tip.is_visible()
        chart.locator(".dot").last.hover()
        assert "p99" in tip.inner_text()
        chart.focus()
        page.keyboard.press("ArrowRight")
        first = tip.inner_text()
        page.keyboard.press("ArrowRight")
        assert tip.inner_text() != first
        page.keyboard.press("Escape")
        assert not tip.is_visible()
        chart.locator(".dot").last.tap()
        assert "req/s" in tip.inner_text()


@pytest.mark.parametrize(("wish", "behavior"), [("reduce", "auto"), ("no-preference", "smooth")])
def test_motion_is_kept_from_those_who_want_none(browser, rendered, wish, behavior):
    with opened(browser, address(rendered, "clean"), reduced_motion=wish) as page:
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == behavior
        moving = (
            "document.getAnimations().length + [...document.querySelectorAll('*')].filter((e) => "
            "getComputedStyle(e).transitionDuration !== '0s').length"
        )
        assert page.evaluate(moving) == 0
