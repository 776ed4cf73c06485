"""Leaving TorchScript and TorchServe: which ways out there are for this model, and what each gains or costs."""

from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.studies.leaving import TORCHSERVE, Against, WayOut
from serveoff.analyse.verdict import within
from serveoff.report.phrases.cells import DASH, Cell, endpoint_cell, number_cell, percent_cell, ratio_cell
from serveoff.report.phrases.names import deployment_phrase, format_name, phrase
from serveoff.report.phrases.numbers import compared, interval, megabytes, multiple, percent, significant
from serveoff.report.phrases.tables import Column, Field, Table, listed, ratio_column, text_column, without_blank
from serveoff.report.section import Section

TITLE: Final = "Leaving TorchScript and TorchServe"
WHY: Final = (
    "PyTorch has deprecated TorchScript in favour of torch.export, and TorchServe is archived. Speed is compared by "
    "p50 with the fewest callers, in the same rounds."
)
FRAMEWORKS: Final = ("torch", "onnxruntime", "tensorflow")
"""Of an endpoint's versions, those of what computes."""
OPTIONAL: Final = ("Memory", "Image")


def section(comparison: Comparison) -> Section | None:
    """Nothing where no way out was asked for."""
    leaving = comparison.leaving
    if not leaving.ways:
        return None
    return Section(
        "leaving",
        TITLE,
        lead=verdict(comparison),
        items=tuple(sentence(way) for way in leaving.ways),
        paragraphs=(WHY,),
        table=ways(comparison),
    )


def verdict(comparison: Comparison) -> str:
    """Stay, or go where: the fastest of the ways that are clearly no slower than TorchScript."""
    known = [(way, found) for way in comparison.leaving.ways if (found := _against(way, False, 1)) is not None]
    good = [(way, found) for way, found in known if found.outcome in ("faster", "tied")]
    if not good:
        return (
            "No way out is as fast as TorchScript as far as this run can tell." if known else "No way out was measured."
        )
    way, found = max(good, key=lambda pair: pair[1].ratio.value or 0.0)
    assert way.entry is not None
    return f"Go to {deployment_phrase(way.entry.result)}: {_compared(found)}."


def sentence(way: WayOut) -> str:
    """What one way out is against TorchScript and TorchServe, or why it is none."""
    if way.entry is None or way.problem:
        return f"{format_name(way.format)}: {way.problem}."
    found = [_compared(against) for served in (False, True) if (against := _against(way, served, 1)) is not None]
    return f"{phrase(way.entry.result)}: {'; '.join(found) or 'nothing to compare it with'}."


def ways(comparison: Comparison) -> Table:
    """A row for each way out, and for what is left."""
    leaving = comparison.leaving
    rows = sorted({against.rows for way in leaving.ways for against in way.against})
    fields: list[Field[WayOut]] = [
        (text_column("Way out"), _name_cell),
        (text_column("Computed by"), _executor_cell),
        (Column("Largest error", "% of what is allowed"), lambda way: percent_cell(_worst_share(way.entry))),
        *(_ratio_field(served, count) for served in (False, True) for count in rows),
        (Column("Memory", "MB"), _memory_cell),
        (Column("Cold start", "s"), _cold_cell),
        (Column("Image", "MB"), _image_cell),
    ]
    left = [WayOut(entry.result.format, entry) for entry in leaving.left]
    caption = "How many times faster each way out is than what it leaves, with 95% intervals; below it, what is left."
    return without_blank(listed("leaving", caption, fields, (*leaving.ways, *left)), OPTIONAL)


def _ratio_field(served: bool, rows: int) -> Field[WayOut]:
    title = f"Faster than {'TorchServe' if served else 'TorchScript'}"
    return ratio_column(title, rows), lambda way: ratio_cell(_against(way, served, rows))


def _name_cell(way: WayOut) -> Cell:
    if way.entry is None:
        return Cell(format_name(way.format), way.problem)
    cell = endpoint_cell(way.entry)
    return Cell(cell.text, f"{cell.small}: {way.problem}" if way.problem else cell.small, family=cell.family)


def _executor_cell(way: WayOut) -> Cell:
    if way.entry is None or way.problem:
        return DASH
    result = way.entry.result
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items() if name in FRAMEWORKS)
    return Cell(result.executor or versions or DASH.text, versions if result.executor else "")


def _worst_share(entry: Entry | None) -> float | None:
    return entry.result.gate.worst_share if entry is not None and entry.result.gate is not None else None


def _memory_cell(way: WayOut) -> Cell:
    return number_cell(way.entry.result.memory_bytes if way.entry is not None else None, megabytes)


def _cold_cell(way: WayOut) -> Cell:
    spread = way.entry.first_answer_s if way.entry is not None else None
    return number_cell(spread.value if spread is not None else None, significant)


def _image_cell(way: WayOut) -> Cell:
    container = way.entry.result.container if way.entry is not None else None
    return number_cell(container.image_bytes if container is not None else None, megabytes)


def _against(way: WayOut, served: bool, rows: int) -> Against | None:
    """The comparison with TorchServe, or with TorchScript on another server."""
    known = (a for a in way.against if a.rows == rows and (a.left.result.server == TORCHSERVE) is served)
    return next(known, None)


def _compared(found: Against) -> str:
    left = phrase(found.left.result)
    if found.outcome == "tied":
        return f"as fast as {left} (within {percent(within(found.ratio))})"
    if found.outcome == "undecided":
        return f"undecided against {left} ({interval(found.ratio, multiple)} times faster)"
    return f"{compared(found.ratio)} than {left}"
