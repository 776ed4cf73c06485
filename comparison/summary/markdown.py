"""The summary as Markdown: the same sentences and tables as the page."""

from __future__ import annotations

from comparison.render.markdown import escape, table
from comparison.render.templating import environment
from comparison.summary import method, sides, tables, words
from comparison.summary.links import Link
from comparison.summary.outcome import Summary


def render(summary: Summary, link: Link) -> str:
    """The whole summary; text from the runs is escaped, so that no name can become markup."""
    templates = environment("comparison.summary", autoescape=False)
    templates.filters |= {"md": escape, "table": table}
    return templates.get_template("summary.md.j2").render(
        s=summary, link=link, method=method, sides=sides, tables=tables, words=words
    )
