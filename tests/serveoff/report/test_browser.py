"""The page in a real browser: nothing is cut off, nothing is said on the console, tables sort."""

import json
import re
import shutil
import subprocess

import pytest

from tests.serveoff.report.conftest import RUNS
from tests.serveoff.report.test_render import figures_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
]
MEASURE = """<!doctype html><meta charset="utf-8"><body><script>
const widths = WIDTHS, found = {};
function size(words) {
  const svg = words.ownerSVGElement;
  return parseFloat(getComputedStyle(words).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
}
function inspect(frame, width) {
  const page = frame.contentDocument;
  page.querySelectorAll("details").forEach((box) => { box.open = true; });
  const shown = (e) => e.getClientRects().length > 0;
  const cut = [];
  for (const words of page.querySelectorAll("svg text")) {
    if (!shown(words)) continue;
    const [w, s] = [words.getBoundingClientRect(), words.ownerSVGElement.getBoundingClientRect()];
    const inside = w.left >= s.left - 1 && w.right <= s.right + 1 && w.top >= s.top - 1 && w.bottom <= s.bottom + 1;
    if (!inside) cut.push(words.textContent);
  }
  const covered = [];
  for (const svg of page.querySelectorAll("svg.chart")) {
    const words = [...svg.querySelectorAll("text")].filter(shown)
      .map((w) => [w.textContent, w.getBoundingClientRect()]);
    words.forEach(([a, r], i) => words.slice(i + 1).forEach(([b, s]) => {
      const wide = Math.min(r.right, s.right) - Math.max(r.left, s.left);
      const high = Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top);
      if (wide > 1 && high > 4) covered.push([a, b]);
    }));
  }
  const heading = [...page.querySelectorAll(".t-resources thead th")].find((h) => h.textContent.includes("Memory"));
  const column = () => [...page.querySelectorAll(".t-resources tbody")].map((b) => [...b.rows].map((r) =>
    r.cells[heading.cellIndex]?.dataset.sort).filter((v) => v !== undefined).map(Number));
  heading.querySelector("button").click(); const up = column();
  heading.querySelector("button").click(); const down = column();
  found[width] = { covered, cut,
    scroll: page.documentElement.scrollWidth, client: page.documentElement.clientWidth, up, down,
    charts: [...page.querySelectorAll("svg.chart")].filter(shown).length, sort: heading.getAttribute("aria-sort"),
    small: Math.min(...[...page.querySelectorAll("svg text")].filter(shown).map(size)) };
}
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  frame.onload = () => {
    inspect(frame, width);
    if (Object.keys(found).length < widths.length) return;
    document.body.innerHTML = '<pre id="found"></pre>';
    document.getElementById("found").textContent = JSON.stringify(found);
  };
  frame.src = "REPORT"; document.body.append(frame);
}
</script>"""
WIDTHS = [360, 600, 768, 1024, 1400]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NOT TESTED: no chromium on PATH to open the report in"),
]


def browse(page, profile, *flags):
    """Open a page without a window; what Chromium printed, and what it logged."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


@pytest.fixture(scope="module", params=RUNS)
def seen(request, rendered, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    report = rendered[request.param].paths["html"]
    harness = folder / "harness.html"
    harness.write_text(MEASURE.replace("WIDTHS", json.dumps(WIDTHS), 1).replace("REPORT", report.as_uri()))
    done = browse(harness, folder / "profile", "--dump-dom", "--virtual-time-budget=8000")
    found = json.loads(re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.S)[1])
    return found, done.stderr, len(figures_of(rendered[request.param].comparison))


def test_the_page_never_scrolls_sideways(seen):
    assert {width: (m["scroll"], m["client"]) for width, m in seen[0].items() if m["scroll"] > m["client"]} == {}


def test_no_words_of_a_chart_are_cut_off_or_too_small_to_read(seen):
    assert {width: m["cut"] for width, m in seen[0].items() if m["cut"]} == {}
    assert {width: m["small"] for width, m in seen[0].items() if m["small"] < 8} == {}
    assert {m["charts"] for m in seen[0].values()} == {seen[2]}


def test_no_words_of_a_chart_cover_others(seen):
    assert {width: m["covered"] for width, m in seen[0].items() if m["covered"]} == {}


def test_a_click_on_a_heading_sorts_and_a_second_turns_it_round(seen):
    for measured in seen[0].values():
        assert measured["up"] == [sorted(group) for group in measured["up"]]
        assert measured["down"] == [sorted(group, reverse=True) for group in measured["down"]]
        assert measured["up"] != measured["down"]
        assert measured["sort"] == "descending"


def test_the_console_is_silent(seen):
    assert [line for line in seen[1].splitlines() if "CONSOLE" in line] == []


def test_a_script_error_would_have_been_seen(tmp_path):
    (tmp_path / "page.html").write_text("<script>missing()</script>")
    assert "missing is not defined" in browse(tmp_path / "page.html", tmp_path / "profile", "--dump-dom").stderr


@pytest.mark.parametrize("width", [390, 1400])
def test_a_screenshot_can_be_taken(rendered, tmp_path, width):
    picture = tmp_path / "report.png"
    browse(
        rendered["clean"].paths["html"], tmp_path / "profile", f"--screenshot={picture}", f"--window-size={width},1200"
    )
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size > 20_000
