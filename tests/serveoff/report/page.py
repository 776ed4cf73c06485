"""Read a report's HTML as a reader would: its tables, its text, what it would fetch."""

import re
from html.parser import HTMLParser


class Page(HTMLParser):
    """Tables as rows of cell texts, by the class `t-<name>`; all text; every src and href; every tag."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tables, self.links, self.tags, self.words = {}, [], [], []
        self._table = self._row = self._cell = None
        self._silent = 0
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.tags.append((tag, known))
        self.links += [value for key, value in known.items() if key in ("src", "href", "action", "data", "srcset")]
        self._silent += tag in ("style", "script")
        if tag == "table":
            self._table = self.tables.setdefault(re.search(r"t-([\w-]+)", known["class"])[1], [])
        if tag == "tr" and known.get("class") != "group":
            self._row = []
        if tag in ("td", "th") and self._row is not None:
            self._cell = []
        if tag == "small" and self._cell:
            self._cell.append("\n")

    def handle_endtag(self, tag):
        self._silent -= tag in ("style", "script")
        if tag in ("td", "th") and self._row is not None and self._cell is not None:
            self._row.append("".join(self._cell).strip())
            self._cell = None
        if tag == "tr" and self._row is not None:
            self._table.append(self._row)
            self._row = None

    def handle_data(self, data):
        if self._silent:
            return
        self.words.append(data)
        if self._cell is not None:
            self._cell.append(data)

    @property
    def text(self):
        """All visible words, with single spaces."""
        return re.sub(r"\s+", " ", "".join(self.words))
