"""The pages in a real browser: verdicts are there, the policy blocks nothing of ours, and nothing is cut off."""

import json
import re

import pytest

from serveoff.report.web.app import create_app
from tests.serveoff.report.test_browser import browse, pytestmark  # noqa: F401
from tests.serveoff.report.web.conftest import analysed
from tests.serveoff.report.web.test_process import Running
from tests.serveoff.synthetic import Scenario, write_run

WIDTHS = [360, 600, 768, 1024, 1400]
MEASURE = """<!doctype html><meta charset="utf-8"><body><script>
const widths = WIDTHS, found = {};
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  frame.onload = () => {
    const page = frame.contentDocument.documentElement, shown = (e) => e.getClientRects().length > 0;
    const cut = [...page.querySelectorAll("svg text")].filter(shown).filter((words) => {
      const [w, s] = [words.getBoundingClientRect(), words.ownerSVGElement.getBoundingClientRect()];
      return w.left < s.left - 1 || w.right > s.right + 1 || w.top < s.top - 1 || w.bottom > s.bottom + 1;
    }).map((words) => words.textContent);
    found[width] = { scroll: page.scrollWidth, client: page.clientWidth, cut };
    if (Object.keys(found).length < widths.length) return;
    document.body.innerHTML = '<pre id="found"></pre>';
    document.getElementById("found").textContent = JSON.stringify(found);
  };
  frame.src = "PAGE"; document.body.append(frame);
}
</script>"""


class Address:
    """What `browse` asks of a page."""

    def __init__(self, running, path):
        self._uri = f"http://{running.host}:{running.port}{path}"

    def as_uri(self):
        return self._uri


@pytest.fixture(scope="module")
def wide_runs(tmp_path_factory):
    """Every endpoint there is, under names that are long and strange."""
    root = tmp_path_factory.mktemp("wide")
    for number, name in enumerate(["20260102-030405-ab12", "<img src=x onerror=alert(1)>" + "x" * 80]):
        analysed(write_run(root / name, Scenario(slice_s=0.12, seed=number + 1)))
    (root / "damaged").mkdir()
    (root / "damaged" / "run.json").write_text("{")
    return root


@pytest.fixture(scope="module")
def running(wide_runs):
    page = Running(wide_runs)
    yield page
    page.stop()


def strange(root):
    return next(path.name for path in root.iterdir() if path.name.startswith("<"))


@pytest.mark.slow
def test_verdicts_are_in_the_list_and_the_console_is_silent(running, tmp_path):
    done = browse(Address(running, "/"), tmp_path, "--dump-dom", "--virtual-time-budget=60000")
    assert done.stdout.count('<p class="win"><b>') == 2, "one a run"
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["/runs/20260102-030405-ab12/", "/compare?a=20260102-030405-ab12&b=20260102-030405-ab12"]
)
def test_tables_sort_and_the_policy_blocks_nothing_of_ours(running, tmp_path, path):
    done = browse(Address(running, path), tmp_path, "--dump-dom", "--virtual-time-budget=20000")
    assert '<button type="button">' in done.stdout  # each heading, made by the script
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", ["/", "compare", "/runs/nope/"])
def test_no_page_scrolls_sideways_and_no_words_are_cut_off(wide_runs, tmp_path, page):
    client = create_app(wide_runs).test_client()
    query = {"a": "20260102-030405-ab12", "b": strange(wide_runs)}
    text = (client.get("/compare", query_string=query) if page == "compare" else client.get(page)).text
    styles = "".join(client.get(f"/static/{name}.css").text for name in ("report", "page"))
    text = re.sub(r'<link rel="stylesheet"[^>]*>|<script[^>]*></script>', "", text)
    (tmp_path / "page.html").write_text(text.replace("</head>", f"<style>{styles}</style></head>"))
    harness = tmp_path / "harness.html"
    harness.write_text(
        MEASURE.replace("WIDTHS", json.dumps(WIDTHS), 1).replace("PAGE", (tmp_path / "page.html").as_uri())
    )
    done = browse(harness, tmp_path / "profile", "--dump-dom", "--virtual-time-budget=8000")
    seen = json.loads(re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.S)[1])
    assert {width: (m["scroll"], m["client"]) for width, m in seen.items() if m["scroll"] > m["client"]} == {}
    assert {width: m["cut"] for width, m in seen.items() if m["cut"]} == {}


@pytest.mark.slow
def test_pictures_can_be_taken_in_the_dark_and_on_a_phone(running, tmp_path):
    for name, flags in {
        "dark": "--blink-settings=preferredColorScheme=0",
        "light": "--blink-settings=preferredColorScheme=1",
    }.items():
        picture = tmp_path / f"{name}.png"
        browse(Address(running, "/"), tmp_path / name, flags, f"--screenshot={picture}", "--window-size=500,900")
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "dark.png").read_bytes() != (tmp_path / "light.png").read_bytes()
