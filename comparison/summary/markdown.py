"""The summary as Markdown: the same sentences and tables as the page."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from comparison.render.markdown import escape, table
from comparison.summary import method, sides, tables, words
from comparison.summary.links import Link
from comparison.summary.outcome import Summary


def render(summary: Summary, link: Link) -> str:
    """The whole summary; text from the runs is escaped, so that no name can become markup."""
    environment = Environment(
        loader=PackageLoader("comparison.summary"),
        autoescape=False,  # this is Markdown: `escape` does it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"md": escape, "table": table}
    return environment.get_template("summary.md.j2").render(
        s=summary, link=link, method=method, sides=sides, tables=tables, words=words
    )
