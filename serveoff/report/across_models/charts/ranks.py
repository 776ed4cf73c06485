"""How the ranking changes with the model's cost: each endpoint's rank from model to model."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from serveoff.analyse.across_models.summary import ModelResult, Named, Summary
from serveoff.report.across_models.tables import ranked
from serveoff.report.charts.panels import LETTER
from serveoff.report.charts.rows import NARROW_BELOW, spans
from serveoff.report.charts.svg import circle, drawing, group, keep_apart, line, tag, text
from serveoff.report.phrases.names import family, phrase, short_server, what

ROW, TOP, LEFT = 24.0, 52.0, 26.0
KEY_ROW = 17.0

ModelRank = tuple[int, int]
"""Number of the model, and rank in it."""


def draw(summary: Summary, width: float) -> str:
    """A line per endpoint; nothing where fewer than two models rank any."""
    models = [model for model in summary.costed if any(spot.rank for spot in model.spots)]
    shown = [(named, ranks) for named in ranked(models) if (ranks := _model_ranks(models, named))]
    if len(models) < 2:
        return ""
    narrow = width < NARROW_BELOW
    most = max(rank for _, ranks in shown for _, rank in ranks)
    right = width - (30.0 if narrow else 300.0)
    step = (right - LEFT) / (len(models) - 1)
    floor = TOP + ROW * (most - 1)
    body = _heads(models, step, narrow)
    ends = keep_apart([TOP + ROW * (ranks[-1][1] - 1) for _, ranks in shown], 16, TOP, floor + 10)
    for number, ((named, ranks), end) in enumerate(zip(shown, ends, strict=True)):
        words = letters(number) if narrow else f"{what(named.result)}, {short_server(named.result)}"
        body.append(_line(models, named, ranks, step, (right, end), words))
    if narrow:
        body += _key(shown, floor + 34)
    height = floor + (40 + KEY_ROW * len(shown) if narrow else 20)
    return drawing(width, height, _spoken(summary, models, shown), body)


def letters(number: int) -> str:
    """A, B, ... Z, AA, AB, ...: ranks are numbers already."""
    return (letters(number // 26 - 1) if number > 25 else "") + ascii_uppercase[number % 26]


def _model_ranks(models: Sequence[ModelResult], named: Named) -> list[ModelRank]:
    spots = ((n, model.spot(named.endpoint)) for n, model in enumerate(models))
    return [(n, spot.rank) for n, spot in spots if spot is not None and spot.rank is not None]


def _heads(models: Sequence[ModelResult], step: float, narrow: bool) -> list[str]:
    """The models' names, on alternating heights where they would touch."""
    tight = any(LETTER * len(model.model) > step - 8 for model in models)
    last = len(models) - 1
    drawn = []
    for n, model in enumerate(models):
        anchor = "start" if n == 0 else "end" if n == last and narrow else "middle"
        y = TOP - 20 - (15 if tight and n % 2 else 0)
        drawn.append(text(LEFT + n * step - (6 if n == 0 else 0), y, model.model, "note", anchor))
    return drawn


def _line(
    models: Sequence[ModelResult],
    named: Named,
    ranks: Sequence[ModelRank],
    step: float,
    end: tuple[float, float],
    words: str,
) -> str:
    at = [(LEFT + n * step, TOP + ROW * (rank - 1)) for n, rank in ranks]
    marks = [
        tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in part), class_="line")
        for part in _parts(ranks, at)
    ]
    for (_, rank), (x, y) in zip(ranks, at, strict=True):
        marks += [circle(x, y, 9, "hollow"), text(x, y + 4, str(rank), "tick", "middle")]
    marks.append(line(at[-1][0] + 10, at[-1][1], end[0] + 12, end[1], "leader"))
    marks.append(text(end[0] + 15, end[1] + 4, words, "name"))
    said = ", ".join(f"{models[n].model} {rank}" for n, rank in ranks)
    return group(marks, f"fam-{family(named.result)}", f"{phrase(named.result)}: {said}")


def _parts(ranks: Sequence[ModelRank], at: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The line is broken where a model does not rank the endpoint."""
    parts: list[list[tuple[float, float]]] = []
    before = None
    for (n, _), point in zip(ranks, at, strict=True):
        if before is None or n != before + 1:
            parts.append([])
        parts[-1].append(point)
        before = n
    return parts


def _key(shown: Sequence[tuple[Named, list[ModelRank]]], top: float) -> list[str]:
    """What the letters at the right end stand for."""
    drawn = []
    for number, (named, _) in enumerate(shown):
        words = spans(f"{letters(number)}  {what(named.result)}", short_server(named.result))
        mark = tag("text", words, x=4, y=top + KEY_ROW * number)
        drawn.append(tag("g", mark, class_=f"fam-{family(named.result)}"))
    return drawn


def _spoken(summary: Summary, models: Sequence[ModelResult], shown: Sequence[tuple[Named, list[ModelRank]]]) -> str:
    firsts = [(m.model, next((n for n, p in shown if (i, 1) in p), None)) for i, m in enumerate(models)]
    said = "; ".join(f"{model}: {phrase(named.result)}" for model, named in firsts if named is not None)
    return f"Rank of {len(shown)} endpoints by model, cheapest model first. First: {said}. The table holds every rank."
