"""Runs of several models to a summary: what each says, and what only all of them together say."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from serveoff.analyse.across_models.crossing import At, under_formats, under_latency
from serveoff.analyse.across_models.measured_as import differences
from serveoff.analyse.across_models.parts import model_result
from serveoff.analyse.across_models.summary import Absent, Line, ModelResult, Summary
from serveoff.analyse.analysis import Analysis


def study(
    summary_id: str,
    analyses: Sequence[Analysis],
    descriptions: Mapping[str, str],
    problems: Mapping[str, str] = {},
    absent: Sequence[Absent] = (),
    interrupted: bool = False,
) -> Summary:
    """The summary of one run per model, at least one. `descriptions` and `problems` are by model."""
    suites = [analysis.comparison.suite for analysis in analyses]
    found = [_of(analysis, descriptions, problems) for analysis in analyses]
    models = tuple(sorted(found, key=lambda model: model.cost_s or float("inf")))
    return Summary(
        summary_id=summary_id,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=suites[0].environment.machine,
        settings=suites[0].settings,
        differences=tuple(differences(suites)),
        models=models,
        absent=tuple(absent),
        lines=lines(models),
        stand_in=any(analysis.comparison.stand_in for analysis in analyses),
        interrupted=interrupted,
    )


def _of(analysis: Analysis, descriptions: Mapping[str, str], problems: Mapping[str, str]) -> ModelResult:
    model = analysis.comparison.suite.settings.model
    return model_result(analysis, descriptions.get(model, ""), problems.get(model, ""))


def lines(models: Sequence[ModelResult]) -> tuple[Line, ...]:
    """Every server and protocol that has an overhead at some model; lowest first at the cheapest that all have.

    `models` are cheapest first.
    """
    known = dict.fromkeys(spot.named.line for model in models for spot in model.spots if spot.overhead is not None)
    found = [_line(models, server, protocol) for server, protocol in known]
    return tuple(sorted(found, key=lambda line: _overhead(models, line)))


def _line(models: Sequence[ModelResult], server: str, protocol: str) -> Line:
    chosen = {m.model: spot for m in models if m.cost_s is not None and (spot := m.on((server, protocol)))}
    path = [at for m in models if (at := _at(m, (server, protocol))) is not None]
    seed = zlib.crc32(f"{server} {protocol}".encode())
    return Line(
        server=server,
        protocol=protocol,
        endpoints={model: spot.named.endpoint for model, spot in chosen.items()},
        latency=under_latency(path, seed),
        formats=under_formats(path, seed),
    )


def _at(model: ModelResult, line: tuple[str, str]) -> At | None:
    """The line at one model, or None where the model has no cost or the line no overhead."""
    spot, cheapest = model.on(line), model.cheapest
    floor = model.floor(spot.named.format) if spot else None
    if spot is None or spot.overhead is None or cheapest is None or floor is None:
        return None
    formats = model.formats.ratio if model.formats else None
    return At(model.model, cheapest.p50_s, floor.p50_s, spot.overhead, formats)


def _overhead(models: Sequence[ModelResult], line: Line) -> float:
    spots = (m.on((line.server, line.protocol)) for m in models if m.model in line.endpoints)
    first = next((spot for spot in spots if spot is not None), None)
    return (first.overhead.value if first and first.overhead else None) or float("inf")
