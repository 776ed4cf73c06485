"""Static SVG, drawn by hand: colours are CSS classes of the page, so one drawing serves light and dark.

A chart is a module with `draw(comparison, width) -> str`, empty where there is nothing to draw. Each is drawn twice,
wide and narrow, and the page shows the one that fits: text never shrinks with the screen.
"""

from collections.abc import Callable
from typing import Final

from markupsafe import Markup

WIDE: Final = 1040
HALF: Final = 600
"""Of a chart beside another."""
NARROW: Final = 360


def at_both_widths(draw: Callable[[float], str], half: bool = False) -> Markup:
    """The wide and the narrow drawing, each in its own box; empty where there is nothing to draw."""
    wide, narrow = (draw(width) for width in (HALF if half else WIDE, NARROW))
    if not wide:
        return Markup()
    return Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(Markup(wide), Markup(narrow))
