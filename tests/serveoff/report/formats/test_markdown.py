"""Words in Markdown: code stays as it is, and nothing that a run says becomes markup."""

import pytest

from serveoff.report.formats.markdown import prose


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("rows: `rows/*.parquet`, and 2 * 3", r"rows: `rows/*.parquet`, and 2 \* 3"),
        ("`a*` or `<b>`", "`a*` or `<b>`"),
        ("<b> & `a`", "&lt;b&gt; &amp; `a`"),
        ("one ` of *them*", r"one \` of \*them\*"),
        ("`a` ` <b>", r"`a` \` &lt;b&gt;"),
        ("` a `` b ` <b> `", "` a `` b ` &lt;b&gt; `"),
    ],
)
def test_code_is_left_alone_and_all_else_is_escaped(text, written):
    assert prose(text) == written
