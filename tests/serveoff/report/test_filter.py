"""Long tables have a box that leaves only the rows with the words typed; it works with groups, sorting and print."""

import pytest

from tests.chromium import needs_chromium, opened

pytestmark = needs_chromium
POINTS = ".t-points"
FIRST = ("t-matrix", "t-sizing", "t-claims")
"""What everybody reads has no box to filter it."""
SHOWN = """table => [...document.querySelector(table).tBodies].flatMap((body) => [...body.rows])
  .filter((row) => row.checkVisibility() && !row.classList.contains("group")).map((row) => row.innerText)"""
GROUPS = """() => [...document.querySelectorAll(".t-points tr.group")].filter((row) => row.checkVisibility()).length"""


@pytest.fixture
def page(browser, rendered):
    with opened(browser, rendered["clean"].paths["html"].as_uri()) as page:
        page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
        yield page


def box(page, table=POINTS):
    """The box and the count before a table."""
    around = page.locator(".filter", has=page.locator("input")).filter(has_text="Filter rows")
    names = page.evaluate("[...document.querySelectorAll('.filter + .scroll table')].map((t) => t.className)")
    number = next(n for n, name in enumerate(names) if table.removeprefix(".") in name)
    return around.nth(number).get_by_label("Filter rows"), around.nth(number).get_by_role("status")


def rows(page, table=POINTS):
    return page.evaluate(SHOWN, table)


def test_every_word_must_be_in_a_row_or_its_title_and_the_count_is_announced(page):
    field, count = box(page)
    every = rows(page)
    assert count.inner_text() == f"{len(every)} rows"
    assert count.get_attribute("aria-live") == "polite"
    field.fill("GRPC  embedded")
    left = rows(page)
    assert 0 < len(left) < len(every)
    assert count.inner_text() == f"{len(left)} of {len(every)} rows"
    field.fill("")
    assert rows(page) == every
    assert count.inner_text() == f"{len(every)} rows"


def test_a_group_without_rows_hides_its_title_and_comes_back(page):
    field, count = box(page)
    every = page.evaluate(GROUPS)
    field.fill("torchserve")
    assert page.evaluate(GROUPS) == 2, "its REST and its gRPC endpoint"
    field.fill("no such server")
    assert rows(page) == []
    assert page.evaluate(GROUPS) == 0
    assert count.inner_text().startswith("0 of ")
    field.fill("")
    assert page.evaluate(GROUPS) == every > 10


def test_sorting_keeps_the_filter_and_filtering_keeps_the_order(page):
    field, _ = box(page, ".t-resources")
    field.fill("flask rest")
    before = rows(page, ".t-resources")
    heading = page.locator(".t-resources thead button", has_text="Memory")
    heading.click()
    heading.click()
    assert sorted(rows(page, ".t-resources")) == sorted(before)
    shown = "(hidden) => [...document.querySelector('.t-resources').tBodies[0].rows].filter((r) => hidden || !r.hidden)"
    values = page.evaluate(f"{shown}.map((r) => Number(r.cells[2].dataset.sort))", False)
    assert values == sorted(values, reverse=True)
    field.fill("")
    everything = page.evaluate(f"{shown}.map((r) => Number(r.cells[2].dataset.sort))", True)
    assert everything == sorted(everything, reverse=True), "rows that came back are sorted, too"


def test_long_tables_have_a_box_and_short_ones_none(page):
    found = page.evaluate("""[...document.querySelectorAll("table")].map((table) => [
      table.className, [...table.querySelectorAll("tbody tr:not(.group)")].length,
      table.closest(".scroll").previousElementSibling?.className === "filter"])""")
    evidence = [(count, boxed) for name, count, boxed in found if name.split()[-1] not in FIRST]
    assert {boxed for count, boxed in evidence if count > 6} == {True}
    assert {boxed for count, boxed in evidence if count <= 6} == {False}
    assert {"t-resources", "t-points"} <= {name.split()[-1] for name, _, boxed in found if boxed}


def test_points_that_do_not_count_can_be_filtered_by_endpoint(browser, rendered):
    with opened(browser, rendered["containers"].paths["html"].as_uri()) as page:
        page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
        field, _ = box(page, ".t-points")
        field.fill("invalid torchscript")
        left = rows(page, ".t-points")
        assert left
        assert all("INVALID" in row for row in left)


def test_without_script_there_is_no_box_and_every_row(browser, rendered):
    with opened(browser, rendered["clean"].paths["html"].as_uri(), java_script_enabled=False) as page:
        assert page.locator(".filter").count() == 0
        assert page.locator("th button").count() == 0
        assert page.locator(f"{POINTS} tbody tr:not(.group)").count() > 10


def test_paper_shows_every_row_and_no_box(page):
    field, _ = box(page)
    every, titles = len(rows(page)), page.evaluate(GROUPS)
    field.fill("grpc")
    assert len(rows(page)) < every
    page.emulate_media(media="print")
    assert len(rows(page)) == every
    assert page.evaluate(GROUPS) == titles
    assert not page.locator(".filter").first.is_visible()
