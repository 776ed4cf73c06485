"""Every figure of a report names its unit and its sample count, on the page and in Markdown.

The rule, for every table there is: a column of figures has a unit in its heading, unless all it holds are whole numbers
of what its heading names (callers, samples, errors, a rank). A table with measured figures, those in a unit, says what
they rest on: in a column of counts, or in its caption. Tables of words have no column of figures and are exempt.
"""

import re

import pytest

from tests.serveoff.report.conftest import RUNS
from tests.serveoff.report.page import Page
from tests.serveoff.report.test_render import markdown_tables

UNITS = {
    "ms",
    "s",
    "req/s",
    "MB",
    "kB",
    "GiB",
    "GB",
    "GB h per million",
    "numbers",
    "CPUs",
    "times",
    "ms/request",
    "kB/request",
    "% of the time",
    "% of one CPU",
    "requests",
    "per second",
    "times faster",
    "times its own",
    "µs",
    "% of its cores",
    "%",
}
WHOLE = re.compile(
    r"(≈ )?[\d,]+( \(?root\)?| \+ [\d,]+| requested| [\d,]+ at the end| server: ([\d,]+|none))?"
    r"|–( one process)?|withheld.*|INVALID|none|not run"
)
COUNTED = {"Samples", "Starts", "Windows"}
SAID = re.compile(r"\bone start each\b|\bsamples?\b|\bread once\b|\bexact\b")
every_run = pytest.mark.parametrize("run", RUNS)


def headings(row):
    return [(title.strip(), unit.strip()) for title, _, unit in (cell.partition("\n") for cell in row)]


def figures(text):
    """The tables on the page: caption, headings with units, which columns are set as figures, and the rows' cells."""
    tables = re.findall(r"<table.*?</table>", text, re.S)
    for table in tables:
        name = re.search(r"t-([\w-]+)", table)[1]
        rows = Page(table).tables[name]
        numeric = ["num" in attributes for attributes in re.findall(r'<th scope="col"([^>]*)>', table)]
        caption = Page(re.search(r"<caption>.*?</caption>", table, re.S)[0]).text
        yield name, caption, headings(rows[0]), numeric, rows[1:]


@every_run
def test_every_column_of_figures_names_its_unit(rendered, run):
    wanting = []
    for name, _, heads, numeric, rows in figures(rendered[run]["html"]):
        for column, (title, unit) in enumerate(heads):
            cells = [row[column].replace("\n", " ") for row in rows]
            whole = all(WHOLE.fullmatch(cell) for cell in cells)
            if numeric[column] and not unit and not whole:
                wanting.append((name, title, next(cell for cell in cells if not WHOLE.fullmatch(cell))))
    assert wanting == []


@every_run
def test_every_unit_is_one_that_is_known(rendered, run):
    units = {unit for *_, heads, _, _ in figures(rendered[run]["html"]) for _, unit in heads if unit}
    assert units - UNITS == set()
    assert {"ms", "req/s", "MB", "s"} <= units


@every_run
def test_figures_in_columns_of_words_carry_their_unit(rendered, run):
    """Such as the bytes of a request, or the rate beside a closed loop."""
    bare = []
    for name, _, heads, numeric, rows in figures(rendered[run]["html"]):
        for column, (title, _) in enumerate(heads):
            cells = [row[column].replace("\n", " ") for row in rows]
            bare += [(name, title, c) for c in cells if not numeric[column] and re.fullmatch(r"[\d.,–]*\d[\d.,–]*", c)]
    assert bare == []


@every_run
def test_every_table_of_measured_figures_says_on_how_many_samples_they_rest(rendered, run):
    wanting = [
        name
        for name, caption, heads, numeric, _ in figures(rendered[run]["html"])
        if any(unit and number for (_, unit), number in zip(heads, numeric, strict=True))
        and not COUNTED & {title for title, _ in heads}
        and not SAID.search(caption)
    ]
    assert wanting == []


@every_run
def test_markdown_names_the_same_units_and_counts(rendered, run):
    text = rendered[run]["markdown"]
    written = {head for head in markdown_tables(text) if head}
    for name, caption, heads, _, _ in figures(rendered[run]["html"]):
        head = tuple(f"{title}, {unit}" if unit else title for title, unit in heads)
        assert head in written or ("", *head) in written, name
        if not COUNTED & {title for title, _ in heads} and SAID.search(caption):
            assert " ".join(caption.split()) in " ".join(text.split()), name


def test_a_figure_without_a_unit_would_be_seen():
    head, row = '<tr><th scope="col" class="num">p50</th></tr>', "<tr><td>1.5</td></tr>"
    table = f'<table class="t-x"><caption>c</caption>{head}{row}</table>'
    ((_, _, heads, numeric, rows),) = figures(table)
    assert (heads, numeric, rows) == ([("p50", "")], [True], [["1.5"]])
    assert not WHOLE.fullmatch(rows[0][0])
