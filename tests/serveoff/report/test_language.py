"""No banned phrase stands in a report, in its tables, charts and what is spoken of them."""

import html
import re

import pytest

from tests.language import stumbles
from tests.serveoff.report.conftest import RUNS


@pytest.mark.parametrize("run", RUNS)
def test_a_report_holds_no_banned_phrase(rendered, run):
    page = re.sub(r"<(style|script)\b.*?</\1>", "", rendered[run]["html"], flags=re.DOTALL)
    assert stumbles(html.unescape(page)) == []
    assert stumbles(rendered[run]["markdown"]) == []
