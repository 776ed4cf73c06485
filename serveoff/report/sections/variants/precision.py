"""Precision against quality: how much faster a lower precision is, and how much accuracy it loses."""

from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.studies.precision import Accuracy, Lower, Speed
from serveoff.report.phrases.cells import DASH, Cell, endpoint_cell, estimate_cell, number_cell, ratio_cell
from serveoff.report.phrases.names import deployment_phrase
from serveoff.report.phrases.numbers import compared, interval, multiple, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed, ratio_column, without_blank
from serveoff.report.section import Section

TITLE: Final = "Precision against quality"
WHY: Final = (
    "A lower precision changes the answers, so it is never ranked: it is compared with its own deployment in full "
    "precision, in the same rounds and on the same labelled samples. Speed is by p50 with the fewest callers. "
    "Intervals are 95%: Wilson's for an accuracy, Newcombe's for a paired difference."
)
HOW: Final = {
    "int8": (
        "int8 is ONNX Runtime's dynamic quantization: 8-bit weights, activations scaled over each request. Its "
        "accuracy is that of one row a request."
    ),
    "bfloat16": "bfloat16 is PyTorch's autocast on a CPU that has bfloat16 units.",
}
NO_LABELS: Final = "The model has no labelled samples, so this run cannot tell what a lower precision costs."
BRING_LABELS: Final = "Import it with `--samples` and `--labels` to measure that."
POINTS: Final = 100
NEWLINE: Final = "\n"
"""After it a problem shows the server's log."""
OPTIONAL: Final = ("Accuracy", "In full", "Lost", "Samples")


def section(comparison: Comparison) -> Section | None:
    """Nothing where no lower precision was asked for."""
    found = comparison.lower_precisions
    if not found:
        return None
    shown = [lower for lower in found if not lower.problem]
    return Section(
        "precision",
        TITLE,
        lead=sentence(best(shown)) if shown else "No lower precision could be measured.",
        items=tuple(sentence(lower) for lower in found if not shown or lower is not best(shown)),
        paragraphs=(*unlabelled(comparison), WHY, *_how(found)),
        table=table(comparison) if shown else None,
    )


def best(shown: list[Lower]) -> Lower:
    """The one that gains most with one row a request."""
    return max(shown, key=_gain)


def sentence(lower: Lower) -> str:
    """Its gain and its loss: `int8 ONNX on tuned Flask is 1.3 times faster (1.2–1.4) and loses ...`."""
    name = f"{lower.precision} {deployment_phrase(lower.entry.result)}"
    if lower.problem:
        return f"{name}: {lower.problem.partition(NEWLINE)[0]}."
    one, most = _speed(lower, 1), max(lower.speeds, key=lambda speed: speed.rows, default=None)
    gained = _gained(one) if one is not None else "has no valid speed with one row"
    more = f"; with {most.rows} rows a request it {_gained(most)}" if most is not None and most.rows > 1 else ""
    return f"{name} {gained}{_lost(lower.accuracy)}{more}."


def unlabelled(comparison: Comparison) -> tuple[str, ...]:
    """That there is no accuracy, and how to have one."""
    if any(lower.accuracy is not None or lower.problem for lower in comparison.lower_precisions):
        return ()
    own = comparison.suite.model_source in ("", "zoo")
    return (NO_LABELS,) if own else (f"{NO_LABELS} {BRING_LABELS}",)


def table(comparison: Comparison) -> Table:
    """A row for each lower precision that was measured."""
    shown = [lower for lower in comparison.lower_precisions if not lower.problem]
    rows = sorted({speed.rows for lower in shown for speed in lower.speeds})
    fields: list[Field[Lower]] = [
        (ENDPOINT, _name_cell),
        *(_speed_field(count) for count in rows),
        (Column("Accuracy", "%"), lambda lower: _percent_cell(lower.accuracy.lower if lower.accuracy else None)),
        (
            Column("In full", "%"),
            lambda lower: _percent_cell(lower.accuracy.full if lower.accuracy else None),
        ),
        (
            Column("Lost", "points"),
            lambda lower: _points_cell(lower.accuracy.lost if lower.accuracy else None),
        ),
        (SAMPLES, lambda lower: _samples_cell(lower.accuracy)),
        (Column("Largest error", "golden outputs"), _error_cell),
    ]
    caption = "Each lower precision against the same deployment in full precision; 95% intervals beneath."
    return without_blank(listed("precision", caption, fields, shown), OPTIONAL)


def _name_cell(lower: Lower) -> Cell:
    """`int8 ONNX`, and what serves it beneath."""
    cell = endpoint_cell(lower.base or lower.entry)
    return Cell(f"{lower.precision} {cell.text}", cell.small, family=cell.family)


def _how(found: tuple[Lower, ...]) -> tuple[str, ...]:
    return tuple(HOW[precision] for precision in dict.fromkeys(lower.precision for lower in found) if precision in HOW)


def _speed(lower: Lower, rows: int) -> Speed | None:
    return next((speed for speed in lower.speeds if speed.rows == rows), None)


def _gain(lower: Lower) -> float:
    one = _speed(lower, 1)
    return (one.ratio.value or 0.0) if one is not None else 0.0


def _gained(speed: Speed) -> str:
    if speed.outcome == "tied":
        return f"is as fast as in full precision ({interval(speed.ratio, multiple)} times)"
    if speed.outcome == "undecided":
        return f"may be faster or slower ({interval(speed.ratio, multiple)} times as fast)"
    short = " (too few slices for an interval)" if speed.outcome == "no interval" else ""
    return f"is {compared(speed.ratio)}{short}"


def _lost(accuracy: Accuracy | None) -> str:
    """What it loses, and whether that is told apart from nothing."""
    if accuracy is None:
        return ""
    lost, on = accuracy.lost, f"on {accuracy.lost.samples:,} samples"
    low, value, high = lost.low or 0.0, lost.value or 0.0, lost.high or 0.0
    if low > 0:
        return f" and loses {_points(value)} points of accuracy ({_points(low)}–{_points(high)}) {on}"
    if high < 0:
        return f" and gains {_points(-value)} points of accuracy ({_points(-high)}–{_points(-low)}) {on}"
    return f" and shows no clear loss of accuracy {on}: {_points(value)} points ({_points(low)} to {_points(high)})"


def _points(share: float) -> str:
    text = f"{share * POINTS:.1f}"
    return "0.0" if text == "-0.0" else text


def _speed_field(rows: int) -> Field[Lower]:
    return ratio_column("Faster", rows), lambda lower: ratio_cell(_speed(lower, rows))


def _percent_cell(share: Estimate | None) -> Cell:
    return estimate_cell(share, _points)


def _points_cell(lost: Estimate | None) -> Cell:
    if lost is None or lost.value is None:
        return DASH
    return Cell(_points(lost.value), f"{_points(lost.low or 0.0)} to {_points(lost.high or 0.0)}", lost.value)


def _samples_cell(accuracy: Accuracy | None) -> Cell:
    if accuracy is None:
        return DASH
    asked = accuracy.lost.samples
    return Cell(f"{asked:,}", f"of {accuracy.available:,}" if asked < accuracy.available else "", asked)


def _error_cell(lower: Lower) -> Cell:
    gate = lower.entry.result.gate
    if gate is None:
        return DASH
    return number_cell(gate.max_abs_error, significant)
