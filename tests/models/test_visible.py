"""What a terminal would obey is written out."""

import pytest

from serveoff.models.jobs.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, grün, 模型\nand a line", "plain, grün, 模型\nand a line"),
        ("7.9\u00a0ms\tp50", "7.9\u00a0ms\tp50"),
        ("\x1b[2J\r\x07", r"\x1b[2J\r\x07"),
        ("\x9b1m\u202egnp.\ufeff", r"\x9b1m\u202egnp.\ufeff"),
        ("\udcff", r"\udcff"),
    ],
)
def test_only_what_is_printed_stays_as_it_is(text, shown):
    assert visible(text) == shown
