"""Every reason for doubt about a point, one check each.

A point is INVALID for what makes its figures wrong or unfair; what only makes them less sure is a caution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from comparison.results import EndpointResult, Window
from comparison.stats import PERCENTILES, min_samples
from comparison.verdict import Finding, Role, Verdict

CLIENT_CPU_LIMIT: Final = 0.9
"""Share of one CPU: the load generator is one Python process, so one CPU is all it can use."""
ROUNDS_CAUTION: Final = 1.25
ROUNDS_FATAL: Final = 2.0
"""Largest over smallest p50 of the rounds of one point. Below twice, the interval carries the disagreement."""


@dataclass(frozen=True)
class Evidence:
    """What one point is judged by. `p50_by_round` is in seconds; `samples` are answered requests in raw rows."""

    endpoint: EndpointResult
    role: Role
    windows: Sequence[Window]
    rounds_expected: int
    run_complete: bool
    samples: int
    rows_read: int
    p50_by_round: Sequence[float]
    row_problems: Sequence[str] = ()
    sibling_wrong: str = ""
    """An endpoint of the same deployment that answered wrongly: the same process serves this one."""


def judge(evidence: Evidence) -> Verdict:
    """Every check in turn; a point without a window has only a failed gate or that to say."""
    if not evidence.windows:
        failed = [f for f in _gate(evidence) if evidence.endpoint.gate is not None]
        return Verdict(tuple(failed) or (_never_measured(evidence),))
    return Verdict(tuple(finding for check in CHECKS for finding in check(evidence)))


def _never_measured(evidence: Evidence) -> Finding:
    return Finding(
        "not measured",
        True,
        "no window was measured at this concurrency",
        "there is nothing to judge",
        "finish the run: `serveoff run --resume RUN`" if not evidence.run_complete else "see the server's log in logs/",
    )


def _gate(evidence: Evidence) -> Iterator[Finding]:
    gate = evidence.endpoint.gate
    if evidence.role == "null":
        return
    why = "a fast wrong answer is worth nothing, and work that was skipped looks like speed"
    if gate is None:
        advice = "run this endpoint again; no figure counts before its answers were compared"
        yield Finding("gate missing", True, "the answers were not checked before timing", why, advice)
    elif not gate.passed:
        error = f", max abs error {gate.max_abs_error:.3g}" if gate.max_abs_error is not None else ""
        seen = f"the agreement gate failed: {gate.reason or 'outputs differ'} ({gate.checked} inputs checked{error})"
        yield Finding("gate failed", True, seen, why, "run `serveoff verify`, then `serveoff export --force`")


def _answers(evidence: Evidence) -> Iterator[Finding]:
    if evidence.role == "null":
        return
    checked = sum(w.answers_checked for w in evidence.windows)
    wrong = sum(w.wrong_answers for w in evidence.windows)
    why = "a server can answer well when idle and wrongly under load"
    if wrong:
        seen = f"{wrong:,} of {checked:,} answers checked under load were wrong"
        yield Finding("wrong answers", True, seen, why, "compare its answers with golden.npz; look for shared state")
    elif not checked and evidence.role == "contender":
        advice = "lengthen the windows, or check more of the answers"
        yield Finding("unchecked", True, "no answer was checked under load", why, advice)
    if evidence.sibling_wrong and not wrong:
        seen = f"{evidence.sibling_wrong}, of the same deployment, answered wrongly"
        yield Finding("wrong deployment", True, seen, "one process serves both", "mend that endpoint first")


def _errors(evidence: Evidence) -> Iterator[Finding]:
    errors = sum(w.errors for w in evidence.windows)
    requests = sum(w.requests for w in evidence.windows)
    if errors:
        seen = f"{errors:,} of {requests:,} requests failed"
        why = "failed requests are often the fastest or the slowest, and leaving them out flatters the server"
        yield Finding("errors", True, seen, why, "read the server's log in logs/; lower the concurrency")


def _window_problems(evidence: Evidence) -> Iterator[Finding]:
    problems = dict.fromkeys((p, w.round) for w in evidence.windows for p in w.problems)
    for problem, round_number in problems:
        advice = "see the log in logs/ and run this endpoint again"
        yield Finding("window", True, f"round {round_number}: {problem}", "the window was not a fair one", advice)
    for problem in evidence.row_problems:
        why = "figures come from raw rows only"
        yield Finding("rows", True, problem, why, "restore the file, or run this endpoint again")


def _rounds(evidence: Evidence) -> Iterator[Finding]:
    measured = len({w.round for w in evidence.windows})
    if measured >= evidence.rounds_expected:
        return
    seen = f"{measured} of {evidence.rounds_expected} rounds were measured"
    why = "drift of the machine is only seen, and shared fairly, over all rounds"
    advice = "finish the run: `serveoff run --resume RUN`"
    # An interrupted run would otherwise show nothing: its figures stand, marked provisional.
    yield Finding("missing rounds", evidence.run_complete, seen, why, advice)


def _samples(evidence: Evidence) -> Iterator[Finding]:
    short = [name for name, q in PERCENTILES.items() if evidence.samples < min_samples(q)]
    if not short:
        return
    needed = max(min_samples(PERCENTILES[name]) for name in short)
    seen = f"{evidence.samples:,} samples; {needed:,} needed for {short[-1]}"
    why = f"no 95% interval exists for {', '.join(short)}, so {'it is' if len(short) == 1 else 'they are'} withheld"
    yield Finding("too few samples", "p90" in short, seen, why, "lengthen the windows (`--duration`) or add rounds")


def _row_count(evidence: Evidence) -> Iterator[Finding]:
    counted = sum(w.requests for w in evidence.windows)
    if evidence.row_problems or abs(counted - evidence.rows_read) <= max(0.01 * counted, len(evidence.windows)):
        return
    seen = f"{evidence.rows_read:,} raw rows for {counted:,} requests counted while measuring"
    yield Finding("row count", False, seen, "rows may be lost or counted twice", "check that the rows file is whole")


def _client(evidence: Evidence) -> Iterator[Finding]:
    shares = [w.client_cpu_s / w.duration_s for w in evidence.windows if w.client_cpu_s is not None and w.duration_s]
    if evidence.role == "floor" or not shares or np.mean(shares) <= CLIENT_CPU_LIMIT:
        return
    seen = f"the load generator used {np.mean(shares):.0%} of one CPU"
    if evidence.role == "null":
        why = "so the null service's throughput is the ceiling of the generator, not of a server"
        yield Finding("generator ceiling", False, seen, why, "read it as the highest rate this machine can ask for")
        return
    why = "the client may have been the bottleneck: latency then holds the client's own queue"
    yield Finding("generator saturated", True, seen, why, "give the client more cores or lower the concurrency")


def _stability(evidence: Evidence) -> Iterator[Finding]:
    p50 = [value for value in evidence.p50_by_round if value > 0 and math.isfinite(value)]
    if len(p50) < 2 or max(p50) / min(p50) <= ROUNDS_CAUTION:
        return
    apart = max(p50) / min(p50)
    seen = f"the rounds' p50 differ by a factor of {apart:.2f} ({min(p50) * 1e3:.3g} to {max(p50) * 1e3:.3g} ms)"
    why = "something else used the machine, or the server was still changing"
    yield Finding("unstable", apart > ROUNDS_FATAL, seen, why, "close other programs, lengthen the warm-up, add rounds")


Check = Callable[[Evidence], Iterator[Finding]]
CHECKS: Final[tuple[Check, ...]] = (
    _gate,
    _answers,
    _errors,
    _window_problems,
    _rounds,
    _samples,
    _row_count,
    _client,
    _stability,
)
