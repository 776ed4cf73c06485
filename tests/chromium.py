"""The Chromium that is installed, driven by Playwright, and axe-core run in its pages."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NOT TESTED: no chromium on PATH to open pages in"),
]
OPTIONS = "{resultTypes: ['violations', 'incomplete'], rules: {'target-size': {enabled: true}}}"
ENOUGH_FOR_EVERY_TABLE = 3000
"""Pixels at which no table scrolls, so that nothing hides the colours behind its words from axe."""


@contextmanager
def launched() -> Iterator[Browser]:
    """One browser, for as long as it is needed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, address: str, width: int = 1280, expected: Sequence[str] = (), **settings: object
) -> Iterator[Page]:
    """A page of its own; whatever it says on the console beside what is expected is an error of the test."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert said == list(expected)


@cache
def axe_core() -> str:
    """The script of axe-core, as its Python package carries it."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def faults(page: Page) -> dict[str, list[str]]:
    """What axe-core finds, of whatever gravity, by rule: the elements. Words whose contrast it cannot tell count, too.

    It cannot tell for words in drawings: their colours are held to the same bound by test_palette.
    """
    page.evaluate(axe_core())  # not a script element: the policy of a page may forbid those
    found = page.evaluate(f"axe.run(document, {OPTIONS})")
    assert len(found["passes"]) > 10, "axe-core did its work"
    told = {rule["id"]: [node["html"] for node in rule["nodes"]] for rule in found["violations"]}
    if page.viewport_size["width"] >= ENOUGH_FOR_EVERY_TABLE:
        open_ = {rule["id"]: [node["html"] for node in rule["nodes"]] for rule in found["incomplete"]}
        unsure = [html for html in open_.get("color-contrast", []) if not html.startswith(("<text", "<tspan"))]
        told |= {"contrast not told": unsure} if unsure else {}
    return told
