"""The report on paper: everything opened, nothing cut off, no chart over two pages, light whatever the screen is."""

import io
import re
import subprocess

import pytest
from pypdf import PdfReader

from tests.chromium import CHROMIUM, needs_chromium, opened
from tests.serveoff.report.conftest import RUNS
from tests.serveoff.report.test_browser import FLAGS

pytestmark = needs_chromium
A4 = {"format": "A4"}
PRINTABLE = 8.27 * 96 - 2 * 11 * 96 / 25.4
"""CSS pixels between the margins of A4 paper, as the style sheet sets them."""
PRINTABLE_HEIGHT = 11.69 * 96 - 2 * 12 * 96 / 25.4
MEASURE = """(width) => {
  const out = [], lie = [];
  for (const cell of document.querySelectorAll("th, td, caption, pre, svg.chart, p, li")) {
    if (!cell.checkVisibility()) continue;
    const box = cell.getBoundingClientRect();
    if (box.right > width + 1) out.push([cell.closest("table, section")?.className, cell.textContent.slice(0, 40)]);
    if (cell.scrollWidth > cell.clientWidth + 1 && cell.clientWidth) lie.push(cell.textContent.slice(0, 40));
  }
  return { out, lie, page: document.documentElement.scrollWidth };
}"""


def printed(browser, address, **settings):
    with opened(browser, address, **settings) as page:
        return PdfReader(io.BytesIO(page.pdf(**A4)))


def text_of(reader):
    return [page.extract_text() for page in reader.pages]


@pytest.mark.parametrize("run", RUNS)
def test_nothing_sticks_out_of_the_paper(browser, rendered, run):
    with opened(browser, rendered[run].paths["html"].as_uri(), round(PRINTABLE)) as page:
        page.emulate_media(media="print")
        found = page.evaluate(MEASURE, PRINTABLE)
    assert found["out"] == []
    assert found["lie"] == []
    assert found["page"] <= round(PRINTABLE)


@pytest.mark.parametrize("script", [True, False])
def test_every_section_and_every_point_is_on_paper_and_no_control(browser, rendered, script):
    pages = text_of(printed(browser, rendered["clean"].paths["html"].as_uri(), java_script_enabled=script))
    everything = re.sub(r"\s+", " ", " ".join(pages))
    for title in ("Recommended", "Decision matrix", "Round by round", "Cold start", "Environment", "Raw data"):
        assert title in everything
    assert "Answers checked" in everything, "the closed box is open"
    for word in ("Filter rows", "Skip to the answer", "Open all"):
        assert word not in everything
    assert 6 < len(pages) < 32


def test_headings_of_a_table_are_on_each_of_its_pages(browser, rendered):
    pages = text_of(printed(browser, rendered["clean"].paths["html"].as_uri()))
    holding = [number for number, text in enumerate(pages) if "Answers checked" in " ".join(text.split())]
    assert len(holding) > 1
    assert holding == list(range(holding[0], holding[-1] + 1))


@pytest.mark.parametrize("run", RUNS)
def test_no_chart_is_split_over_two_pages(browser, rendered, run):
    """Each is told to stay whole, and fits on a page."""
    with opened(browser, rendered[run].paths["html"].as_uri(), round(PRINTABLE)) as page:
        page.emulate_media(media="print")
        charts = page.evaluate("""[...document.querySelectorAll("figure")].map((figure) => [
          getComputedStyle(figure).breakInside, figure.getBoundingClientRect().height,
          [...figure.querySelectorAll("svg")].filter((svg) => svg.checkVisibility()).length])""")
    assert len(charts) >= 5
    for inside, height, drawings in charts:
        assert (inside, drawings) == ("avoid", 1)
        assert height < PRINTABLE_HEIGHT


def test_paper_is_white_whatever_the_screen_is(browser, rendered):
    address = rendered["clean"].paths["html"].as_uri()
    drawn = [
        printed(browser, address, color_scheme=scheme).pages[0].get_contents().get_data()
        for scheme in ("dark", "light")
    ]
    assert drawn[0] == drawn[1]


def test_chromium_prints_it_by_itself(rendered, tmp_path):
    target = tmp_path / "report.pdf"
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={target}"]
    subprocess.run([*command, rendered["faulty"].paths["html"].as_uri()], capture_output=True, timeout=120, check=True)
    everything = " ".join(text_of(PdfReader(target)))
    assert "Excluded results" in everything
    assert "killed by signal 9" in re.sub(r"\s+", " ", everything)
