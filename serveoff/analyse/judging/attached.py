"""What is other in doubts about an endpoint that already runs: its log and its files are not here."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from serveoff.analyse.judging.grounds import Grounds
from serveoff.analyse.verdict import Finding, FindingCode
from serveoff.record.problems import Problem

ITS_LOG: Final = "read its own log for that time"
SEND_BOTH: Final = "send that sample to both; compare their models, versions and preprocessing"
ADVICE: Final[Mapping[FindingCode, str]] = {
    FindingCode.WRONG_ANSWERS: "send one sample several times; look for shared state and replicas of other versions",
    FindingCode.ERRORS: "read its own log; lower `--concurrency` or `--max-rate`",
    FindingCode.STALLED: ITS_LOG,
}
"""What to do, where that is other than for a server of ours."""


def stopped(grounds: Grounds) -> Iterator[Finding]:
    """It was left alone amid the run."""
    problem = grounds.endpoint.stopped
    if problem is not None:
        why = "a server in trouble gets no more requests, so its figures are of the time before"
        advice = problem.advice or "see what it suffered from, then run again with a lower `--max-rate`"
        yield Finding(FindingCode.STOPPED, True, f"it was {problem.text}", why, advice)


def disagreement(problem: Problem, why: str) -> Finding:
    """It answers otherwise than its reference, or gives no answer that can be compared."""
    return Finding(FindingCode.GATE_FAILED, True, problem.text, why, problem.advice or SEND_BOTH)


def advised(finding: Finding) -> Finding:
    """The same finding with what can be done about a server that is not ours."""
    return replace(finding, advice=ADVICE.get(finding.code, finding.advice))
