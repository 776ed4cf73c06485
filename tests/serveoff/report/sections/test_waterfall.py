"""The drawing of where the time goes: what it marks is what the table says, and no colour is the only sign."""

import re
from xml.etree import ElementTree

import pytest

from serveoff.report import charts
from serveoff.report.charts import waterfall as chart
from serveoff.report.phrases.numbers import ms
from serveoff.report.sections import waterfall

SVG = "{http://www.w3.org/2000/svg}"


def drawing(rendered, width):
    return ElementTree.fromstring(chart.draw(rendered["clean"].comparison, width))


def of_class(svg, name):
    return [e for e in svg.iter() if e.get("class") == name]


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_bars_are_as_long_as_their_parts(rendered, width):
    comparison, svg = rendered["clean"].comparison, drawing(rendered, width)
    inference = of_class(svg, "part-inference")[:-1]  # the last is the key's
    said = [b for b in chart.shown_of(comparison) if b.inference_s is not None]
    assert len(inference) == len(said) > 5
    lengths = [float(bar.get("width")) + 1 for bar in inference]
    scale = max(lengths) / max(b.inference_s for b in said)
    torn = {len(lengths) - 1} if of_class(svg, "tear") else set()
    for number, (length, b) in enumerate(zip(lengths, said, strict=True)):
        assert number in torn or length == pytest.approx(b.inference_s * scale, abs=1.1)


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_every_wide_part_has_its_letter_and_the_key_explains_it(rendered, width):
    svg = drawing(rendered, width)
    letters = {e.text for e in of_class(svg, "part-letter")}
    (key,) = of_class(svg, "part-key")
    explained = {e.text for e in of_class(key, "part-letter")}
    assert {letter for word in letters for letter in word} == explained
    assert {e.text for e in of_class(key, "note")} == {part.words for part in chart.PARTS}
    for part in of_class(svg, "part"):
        bar = next(e for e in part if (e.get("class") or "").startswith("part-"))
        if float(bar.get("width")) >= 2 * 13:
            assert of_class(part, "part-letter"), ElementTree.tostring(part)


def test_each_bar_says_its_figures_to_who_cannot_see_it(rendered):
    comparison = rendered["clean"].comparison
    titles = [e.get("data-tip") for e in drawing(rendered, charts.WIDE).iter() if e.get("data-tip")]
    for b in chart.shown_of(comparison):
        whole = [t for t in titles if re.search(rf": {re.escape(ms(b.whole_s))} ms: ", t)]
        assert whole, b.endpoint


def test_floors_are_ticks_on_their_bars(rendered):
    comparison = rendered["clean"].comparison
    with_floor = [b for b in chart.shown_of(comparison) if b.floor_s is not None]
    assert len(of_class(drawing(rendered, charts.WIDE), "floor")) >= len(with_floor) - 1 > 2


def test_the_page_and_the_text_have_the_same_cells(rendered):
    rows = waterfall.waterfall(rendered["clean"].comparison).rows
    for row in rows:
        line = next(
            line
            for line in rendered["clean"]["markdown"].split("## Where the time goes, in figures")[1].splitlines()
            if line.startswith(f"| {row[0].text}, {row[0].small}")
        )
        for cell in row[1:]:
            assert cell.text in line
            assert cell.text in rendered["clean"]["html"]
