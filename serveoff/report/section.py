"""What a report is made of: a document of sections, as data. Each form of it loops over them (serveoff.report.formats).

Words are plain text: `code` stands between backticks, and every form escapes the rest by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from serveoff.report.phrases.tables import Table


@dataclass(frozen=True)
class Fact:
    """A term and what there is to know of it."""

    term: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A drawing, made for a width in CSS pixels as SVG (empty: nothing to draw), and what its marks mean."""

    draw: Callable[[float], str]
    note: str = ""


@dataclass(frozen=True)
class Link:
    """Where to read on: words, and what follows them."""

    words: str
    page: str
    """The address in HTML."""
    markdown: str
    after: str = ""


@dataclass(frozen=True)
class Section:
    """One section, shown in the order of its fields. `id` is its address: `#latency`."""

    id: str
    title: str
    lead: str = ""
    """One sentence that stands out."""
    items: tuple[str, ...] = ()
    """A list."""
    paragraphs: tuple[str, ...] = ()
    figure: Figure | None = None
    table: Table | None = None
    facts: tuple[Fact, ...] = ()
    code: str = ""
    links: tuple[Link, ...] = ()
    folded: bool = False
    """Of a part: long, and shown when it is asked for."""
    parts: tuple[Section, ...] = ()
    """Under headings of their own, one level lower."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """For the page's script, which offers something to compute with them."""

    @property
    def only_drawn(self) -> bool:
        """There is nothing in it but a figure: a form without drawings leaves it out."""
        said = (self.lead, self.items, self.paragraphs, self.table, self.facts, self.code, self.links, self.parts)
        return self.figure is not None and not any(said)


@dataclass(frozen=True)
class Document:
    """A page: what it is about, the layer that everybody reads, and the evidence, folded up until asked for."""

    title: str
    ident: tuple[str, ...]
    """Which run, which machine, when."""
    warnings: tuple[str, ...]
    """What a reader must know before the first figure."""
    first: tuple[Section, ...]
    folds: tuple[Section, ...]
    footer: str
    name: str
    """In the browser's tab."""
    partial: bool = False
