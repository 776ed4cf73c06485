"""How much a reader has to read: the first layer in two screens, the whole page in 9,000 words, no sentence twice."""

import re
from collections import Counter

import pytest

from serveoff.report.contents import document
from tests.chromium import needs_chromium, opened
from tests.serveoff.report.conftest import RUNS
from tests.serveoff.report.page import Page
from tests.serveoff.report.test_render import sections_of

FIRST_WORDS, ALL_WORDS, BYTES = 900, 9_000, 1_000_000
SCREEN = (1440, 900)
FIRST_STOPS, ALL_STOPS = 43, 260
"""The first layer's beside one for each row of the matrix."""
NARROW = re.compile(r'<div class="narrow">.*?</svg></div>', re.S)
FOLDED = re.compile(r'<details class="part".*?</details>', re.S)
"""What the first layer shows only when it is unfolded."""
FEW = 6
"""Words of a sentence that may well be said twice."""
every_run = pytest.mark.parametrize("run", RUNS)
STOPS = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter((e) => e.checkVisibility() && e.tabIndex >= 0).length"""


def words(html):
    """Every drawing is on the page for two widths, of which a reader sees one."""
    return len(Page(NARROW.sub("", html)).text.split())


@every_run
def test_the_words_and_bytes_of_a_page_are_bounded(rendered, run):
    html = rendered[run]["html"]
    body = html.partition("<body>")[2]
    assert words(FOLDED.sub("", body.partition('<section id="evidence"')[0])) <= FIRST_WORDS
    assert words(body) <= ALL_WORDS
    assert len(html.encode()) < BYTES


@every_run
def test_no_sentence_stands_twice(rendered, run):
    shown = document(rendered[run].comparison)
    said = Counter()
    each_by_itself = [part.id for section in shown.folds if section.id == "claims" for part in section.parts]
    for section in sections_of((*shown.first, *shown.folds)):
        if section.id in each_by_itself:
            continue
        texts = [section.lead, *section.items, *section.paragraphs, *(fact.text for fact in section.facts)]
        texts += [section.figure.note] if section.figure else []
        texts += [section.table.caption] if section.table else []
        said.update(sentence for text in texts for sentence in re.split(r"(?<=\.) (?=[A-Z])", text))
    assert [s for s, count in said.items() if count > 1 and len(s.split()) > FEW] == []


@pytest.mark.browser
@needs_chromium[1]
def test_the_first_layer_is_two_screens_and_few_tab_stops(browser, rendered):
    with opened(browser, rendered["clean"].paths["html"].as_uri(), SCREEN[0]) as page:
        bottom = page.evaluate("document.querySelector('.first').getBoundingClientRect().bottom")
        first = page.evaluate(STOPS)
        page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
        assert bottom <= 2 * SCREEN[1]
        assert first <= FIRST_STOPS + len(rendered["clean"].comparison.decision.matrix.rows)
        assert page.evaluate(STOPS) <= ALL_STOPS


@pytest.mark.browser
@needs_chromium[1]
@pytest.mark.parametrize("width", [1280, SCREEN[0]])
def test_no_column_of_the_matrix_is_cut_off(browser, rendered, width):
    with opened(browser, rendered["clean"].paths["html"].as_uri(), width) as page:
        table, room = page.evaluate("(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])"
                                    "(document.querySelector('#matrix .scroll'))")  # fmt: skip
    assert table <= room
