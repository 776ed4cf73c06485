"""Words can be read on their background, by day and by night (WCAG 2.2, 1.4.3: at least 4.5 to 1)."""

import re
from pathlib import Path

import pytest

import serveoff.report

CSS = (Path(serveoff.report.__file__).parent / "templates" / "report.css").read_text()
PAIRS = [
    *((ink, paper) for ink in ("ink", "soft") for paper in ("paper", "raised")),
    *((family, "paper") for family in ("tensorflow", "torchserve", "flask", "floor", "null", "other")),
    *((tone, f"{tone}-bg") for tone in ("good", "bad", "mid")),
]


def palettes():
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", CSS, re.S)[:2]
    )
    return {"light": light, "dark": light | dark}


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("ink", "paper"), PAIRS)
def test_contrast(mode, ink, paper):
    palette = palettes()[mode]
    high, low = sorted((luminance(palette[ink]), luminance(palette[paper])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5
