"""Whether formats give the golden outputs in this run, from their agreement gates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from serveoff.analyse.claims.pairs import FRAMEWORK, find
from serveoff.analyse.claims.ruling import Exhibit, Ruling, Voice, counted, rule, verdict
from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.record.endpoint_results import Gate

WHERE = ("inprocess", "flask")
"""The bare model says it best; a server's answers went through JSON."""
AGREE_WITHIN = 1e-5
"""As serveoff.models.agreement.TOLERANCE, which whoever only reads a run has not."""
BY_TESTS = "The tests show it; of what this run could add, nothing was measured."


def tests(file: str, group: str, shown: Iterable[tuple[str, str]]) -> list[Exhibit]:
    """Tests of one file as evidence: what each shows, by the name of its function."""
    return [Exhibit(group, words, test=f"{file}::{name}") for name, words in shown]


def golden_outputs(evidence: Evidence, formats: Sequence[str]) -> Iterator[Exhibit]:
    """The largest absolute error of each format over the golden inputs; one beyond what is allowed speaks against.

    Allowed is what the gate allows: 1e-5, or as many times more as the largest value of its row is above 1.
    """
    for format in formats:
        entry = next((e for where in WHERE if (e := find(evidence, where, format)) and e.result.gate), None)
        if entry is not None:
            yield _error(entry)


def shown_by_tests(evidence: Evidence, shown: Sequence[Exhibit], formats: Sequence[str]) -> Ruling:
    """Confirmed by the tests `shown`, unless the run contradicts them; what the gate of each format adds is said."""
    measured = list(golden_outputs(evidence, formats))
    told = [exhibit for exhibit in measured if exhibit.speaks != "open"]
    said = f"The tests show it. {counted(told)}" if told else BY_TESTS
    found = verdict(exhibit.speaks for exhibit in told) if told else "confirmed"
    return Ruling(found, said, rule((*shown, *measured)).exhibits, lacking=len(told) < len(formats))


def _error(entry: Entry) -> Exhibit:
    gate = entry.result.gate
    assert gate is not None
    known = gate.max_abs_error
    error = None if known is None else Estimate(known, None, None, gate.checked)
    words = "largest absolute error over the golden inputs"
    return Exhibit(
        FRAMEWORK[entry.result.format],
        words,
        mine=entry.name,
        metric="absolute error",
        figure=error,
        unit="error",
        speaks=_voice(gate),
    )


def _voice(gate: Gate) -> Voice:
    """A format that did not answer says nothing of the claim; where no share was recorded, the error decides."""
    if gate.max_abs_error is None:
        return "open"
    share = gate.max_abs_error / AGREE_WITHIN if gate.worst_share is None else gate.worst_share
    return "for" if share <= 1 else "against"
