"""Why contenders are INVALID where none is recommended."""

from collections.abc import Sequence

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.verdict import Finding, FindingCode
from serveoff.report.phrases.recommendation import capital, named, row_name


def reasons(comparison: Comparison) -> list[str]:
    """Why those are INVALID for whom there is no recommendation, and what to do: of one kind all together.

    `9 endpoints (SavedModel on Flask (REST): 12 samples; 368 needed for p99): give the run more time (...)`.
    """
    if comparison.attached.only:
        return []
    refused = comparison.decision.refused
    points = {name: comparison.entry(name).alone for name in refused.endpoints} if refused else {}
    by_kind: dict[FindingCode, list[tuple[str, Finding]]] = {}
    for name, point in points.items():
        for finding in point.verdict.reasons[:1] if point is not None else ():
            by_kind.setdefault(finding.code, []).append((name, finding))
    return [_reason(comparison, found) for found in by_kind.values()]


def _reason(comparison: Comparison, found: Sequence[tuple[str, Finding]]) -> str:
    names, first = [name for name, _ in found], found[0][1]
    example = f"{row_name(comparison, names[0])}: {first.seen}"
    if len(found) == 1:
        return f"{example}: {first.advice}"
    if all(finding.seen == first.seen for _, finding in found):
        return f"{capital(named(comparison, names))}: {first.seen}: {first.advice}"
    return f"{len(names)} endpoints ({example}): {first.advice}"
