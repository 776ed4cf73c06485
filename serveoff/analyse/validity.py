"""Every reason for doubt about a point, one check each.

A point is INVALID for what makes its figures wrong or unfair; what only makes them less sure is a caution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from serveoff.analyse.statistics import drift
from serveoff.analyse.statistics.bootstrap import PERCENTILES, min_samples
from serveoff.analyse.verdict import Finding, FindingCode, Role, Verdict
from serveoff.loadtests.recording.windows import Window
from serveoff.record.endpoint_results import EndpointResult

CLIENT_CPU_LIMIT: Final = 0.9
"""Share of one CPU: each process of the load generator is Python, so one CPU is all that it can use."""
THROTTLED_CAUTION: Final = 0.01
"""Share of the time in which a CPU limit held the server back."""
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
    """An endpoint of the same deployment that answered wrongly: the same server answers for this one."""
    unequal: Sequence[str] = ()
    """What its container or its processes had and the others' had not (serveoff.analyse.resource_parity)."""
    load_cpus: int = 1
    """CPUs that the load generator could use up: one for each of its processes that had users, if it had the cores."""
    device_asked: str = "cpu"
    """`cuda` where a GPU was asked for: then the endpoint's own word for its device must be one."""
    trends: Sequence[drift.Trend] = ()
    """Of each window, how its latency changed within it."""
    open_ceiling: float | None = None
    """The highest rate, requests a second, that the load generator kept against the null service in this run."""


def judge(evidence: Evidence) -> Verdict:
    """Every check in turn; a point without a window has only a failed gate or that to say."""
    if not evidence.windows:
        failed = [f for f in _gate(evidence) if evidence.endpoint.gate is not None]
        return Verdict(tuple(failed) or (_never_measured(evidence),))
    return Verdict(tuple(finding for check in CHECKS for finding in check(evidence)))


def _never_measured(evidence: Evidence) -> Finding:
    return Finding(
        FindingCode.NOT_MEASURED,
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
        yield Finding(FindingCode.GATE_MISSING, True, "the answers were not checked before timing", why, advice)
    elif not gate.passed:
        error = f", largest error {gate.max_abs_error:.3g}" if gate.max_abs_error is not None else ""
        reason = gate.problem.text if gate.problem else "outputs differ"
        seen = f"the agreement gate failed: {reason} ({gate.checked} inputs checked{error})"
        yield Finding(FindingCode.GATE_FAILED, True, seen, why, "run `serveoff verify`, then `serveoff export --force`")


def _answers(evidence: Evidence) -> Iterator[Finding]:
    if evidence.role == "null":
        return
    checked = sum(w.answers_checked for w in evidence.windows)
    wrong = sum(w.wrong_answers for w in evidence.windows)
    why = "a server can answer well when idle and wrongly under load"
    if wrong:
        seen = f"{wrong:,} of {checked:,} answers checked under load were wrong"
        yield Finding(
            FindingCode.WRONG_ANSWERS, True, seen, why, "compare its answers with golden.npz; look for shared state"
        )
    elif not checked and evidence.role == "contender":
        advice = "lengthen the windows, or check more of the answers"
        yield Finding(FindingCode.UNCHECKED, True, "no answer was checked under load", why, advice)
    if evidence.sibling_wrong and not wrong:
        seen = f"{evidence.sibling_wrong}, of the same deployment, answered wrongly"
        yield Finding(
            FindingCode.WRONG_DEPLOYMENT, True, seen, "one server answers for both", "mend that endpoint first"
        )


def _device(evidence: Evidence) -> Iterator[Finding]:
    """Floors too: an overhead over a floor on another device is none. The null service has nothing to compute."""
    device = evidence.endpoint.device
    if evidence.device_asked != "cuda" or evidence.role == "null" or (device or "").startswith("cuda"):
        return
    where = f"the model computed on {device.replace('+', ' and ')}" if device else "the server does not say its device"
    why = "a framework that cannot use the GPU goes on with the CPU, and tells no one but its log"
    advice = "read the server's log for the driver, CUDA or memory; see that its image and container have the GPU"
    yield Finding(FindingCode.DEVICE, True, f"a GPU was asked for, and {where}", why, advice)


def _errors(evidence: Evidence) -> Iterator[Finding]:
    errors = sum(w.errors for w in evidence.windows)
    requests = sum(w.requests for w in evidence.windows)
    if errors:
        seen = f"{errors:,} of {requests:,} requests failed"
        why = "failed requests are often the fastest or the slowest, and leaving them out flatters the server"
        yield Finding(FindingCode.ERRORS, True, seen, why, "read the server's log in logs/; lower the concurrency")


def _window_problems(evidence: Evidence) -> Iterator[Finding]:
    problems = dict.fromkeys((p, w.round) for w in evidence.windows for p in w.problems)
    for problem, round_number in problems:
        advice = problem.advice or "see the log in logs/ and run this endpoint again"
        yield Finding(
            FindingCode.WINDOW, True, f"round {round_number}: {problem.text}", "the window was not a fair one", advice
        )
    for unread in evidence.row_problems:
        why = "figures come from raw rows only"
        yield Finding(FindingCode.ROWS, True, unread, why, "restore the file, or run this endpoint again")


def _container(evidence: Evidence) -> Iterator[Finding]:
    container = evidence.endpoint.container
    advice = "limits and cores are settings in .env: `docker compose config` shows what this service is given"
    for problem in container.problems if container else ():
        why = "the limits were not what was asked for, so this endpoint was not treated as the others were"
        yield Finding(FindingCode.CONTAINER, True, problem.text, why, advice)
    for had in evidence.unequal:
        why = "with unequal resources a difference is not the server's or the format's"
        if container is None:
            advice = "set the same limits for all: `ulimit -v`, or the memory limit of the control group"
            yield Finding(FindingCode.UNEQUAL_RESOURCES, True, f"its processes had {had}", why, advice)
        else:
            yield Finding(FindingCode.UNEQUAL_CONTAINERS, True, f"its container had {had}", why, advice)


def _resources(evidence: Evidence) -> Iterator[Finding]:
    """Seen inside its processes, and told by the server itself; of processes and containers alike."""
    resources = evidence.endpoint.resources
    for problem in resources.problems if resources else ():
        why = "it had not what the others had, so a difference is not the server's or the format's"
        advice = "look for what changes it: the server's log, variables such as OMP_NUM_THREADS, taskset, the labels"
        yield Finding(FindingCode.RESOURCES, True, problem.text, why, advice)


def _throttled(evidence: Evidence) -> Iterator[Finding]:
    """A caution, even where another endpoint was not throttled: the limit is equal for all, or `_container` says so.

    A server that needs more CPU than the limit allows is slower under it, and that is a true finding about it.
    """
    known = [(w.server_throttled_s, w.duration_s) for w in evidence.windows if w.server_throttled_s is not None]
    total_s = sum(duration_s for _, duration_s in known)
    share = sum(held_s for held_s, _ in known) / total_s if total_s else 0.0
    if share <= THROTTLED_CAUTION:
        return
    seen = f"its CPU limit held it back for {share:.0%} of the time, summed over cores"
    why = "latency then holds pauses that the limit makes, so the figures are true of this limit only"
    advice = "raise SERVER_CPU_LIMIT in .env (0: none), or give servers whole cores: `--server-cpus` makes no pauses"
    yield Finding(FindingCode.THROTTLED, False, seen, why, advice)


def _rounds(evidence: Evidence) -> Iterator[Finding]:
    measured = len({w.round for w in evidence.windows})
    if measured >= evidence.rounds_expected:
        return
    seen = f"{measured} of {evidence.rounds_expected} rounds were measured"
    why = "drift of the machine is only seen, and shared fairly, over all rounds"
    advice = "finish the run: `serveoff run --resume RUN`"
    # An interrupted run would otherwise show nothing: its figures stand, marked provisional.
    yield Finding(FindingCode.MISSING_ROUNDS, evidence.run_complete, seen, why, advice)


def _samples(evidence: Evidence) -> Iterator[Finding]:
    short = [name for name, q in PERCENTILES.items() if evidence.samples < min_samples(q)]
    if not short:
        return
    needed = max(min_samples(PERCENTILES[name]) for name in short)
    seen = f"{evidence.samples:,} samples; {needed:,} needed for {short[-1]}"
    why = f"no 95% interval exists for {', '.join(short)}, so {'it is' if len(short) == 1 else 'they are'} withheld"
    yield Finding(
        FindingCode.FEW_SAMPLES, "p90" in short, seen, why, "lengthen the windows (`--duration`) or add rounds"
    )


def _row_count(evidence: Evidence) -> Iterator[Finding]:
    counted = sum(w.requests for w in evidence.windows)
    if evidence.row_problems or abs(counted - evidence.rows_read) <= max(0.01 * counted, len(evidence.windows)):
        return
    seen = f"{evidence.rows_read:,} raw rows for {counted:,} requests counted while measuring"
    why = "rows are lost, or are those of two load tests, and every figure comes from them"
    yield Finding(
        FindingCode.ROW_COUNT, True, seen, why, "restore the rows of all load generators, or run this endpoint again"
    )


def _client(evidence: Evidence) -> Iterator[Finding]:
    known = [(w.client_cpu_s, w.duration_s) for w in evidence.windows if w.client_cpu_s is not None and w.duration_s]
    share = float(np.mean([cpu_s / duration_s for cpu_s, duration_s in known])) / evidence.load_cpus if known else 0.0
    if evidence.role == "floor" or share <= CLIENT_CPU_LIMIT:
        return
    seen = f"the load generator used {share:.0%} of {_cpus(evidence.load_cpus)}"
    if evidence.role == "null":
        why = "so the null service's throughput is the ceiling of the generator, not of a server"
        yield Finding(
            FindingCode.GENERATOR_CEILING, False, seen, why, "read it as the highest rate this machine can ask for"
        )
        return
    why = "the client may have been the bottleneck: latency then holds the client's own queue"
    yield Finding(
        FindingCode.GENERATOR_SATURATED, True, seen, why, "give the client more cores or lower the concurrency"
    )


def _cpus(count: int) -> str:
    return "one CPU" if count == 1 else f"the {count} CPUs that it could use"


def _stability(evidence: Evidence) -> Iterator[Finding]:
    p50 = [value for value in evidence.p50_by_round if value > 0 and math.isfinite(value)]
    if len(p50) < 2 or max(p50) / min(p50) <= ROUNDS_CAUTION:
        return
    apart = max(p50) / min(p50)
    seen = f"the rounds' p50 differ by a factor of {apart:.2f} ({min(p50) * 1e3:.3g} to {max(p50) * 1e3:.3g} ms)"
    why = "something else used the machine, or the server was still changing"
    yield Finding(
        FindingCode.UNSTABLE, apart > ROUNDS_FATAL, seen, why, "close other programs, lengthen the warm-up, add rounds"
    )


def _drift(evidence: Evidence) -> Iterator[Finding]:
    yield from drift.findings(evidence.trends, evidence.windows[0].load.closed)


def _beyond_ceiling(evidence: Evidence) -> Iterator[Finding]:
    """A caution: a window in which the generator fell behind says so itself, and is INVALID for it."""
    rate, ceiling = evidence.windows[0].load.rate, evidence.open_ceiling
    if ceiling is None or rate <= ceiling or evidence.role == "null":
        return
    seen = f"{rate:g} req/s were asked for; against the null service the generator kept up to {ceiling:g}"
    why = "beyond what the harness was seen to do, a queue may be the client's own"
    yield Finding(
        FindingCode.BEYOND_CEILING, False, seen, why, "ask for a lower rate (`--open`), or give the client more cores"
    )


Check = Callable[[Evidence], Iterator[Finding]]
CHECKS: Final[tuple[Check, ...]] = (
    _gate,
    _answers,
    _device,
    _errors,
    _window_problems,
    _container,
    _resources,
    _throttled,
    _rounds,
    _samples,
    _row_count,
    _client,
    _stability,
    _drift,
    _beyond_ceiling,
)
