"""Every reason for doubt about a point, one check each.

A point is INVALID for what makes its figures wrong or unfair; what only makes them less sure is a caution.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from serveoff.analyse.judging import attached, throttling
from serveoff.analyse.judging.grounds import Grounds, share_of
from serveoff.analyse.statistics.estimates import PERCENTILES, Estimate
from serveoff.analyse.verdict import Finding, FindingCode, Verdict
from serveoff.loadtests.problems import FELL_BEHIND, WindowCode
from serveoff.loadtests.recording.statuses import in_words
from serveoff.loadtests.recording.windows import Window
from serveoff.record.attached import ATTACHED
from serveoff.record.percentiles import min_samples

CLIENT_CPU_LIMIT: Final = 0.9
"""Share of one CPU: each process of the load generator is Python, so one CPU is all that it can use."""
OTHERS_LIMIT: Final = 0.1
"""Share of the cores' time that other processes had."""
STALL_S, STALL_TIMES = 1.0, 50
"""A request that takes so long, and so many times the median, met a stall."""
EMPTY_FATAL: Final = 0.02
"""Share of a point's slices in which a stall left nothing to count."""
LOST_FATAL: Final = 0.1
"""Share of a point's slices that may be lost to what happened in them."""
FEWEST_LEFT: Final = 10
"""Of a point that lost slices."""
ERRORS_FATAL: Final = 0.01
"""Share of requests that failed."""
NOT_DRIVEN: Final = frozenset({WindowCode.GENERATOR_FAILED, WindowCode.WORKER_LOST, WindowCode.NOT_TOGETHER})
"""The load generators' fault, and not the server's."""
LOSES: Final = frozenset(WindowCode) - FELL_BEHIND - {WindowCode.WRONG_ANSWERS}
"""A slice with one of these does not count. A generator that fell behind is judged by the point: by its CPU, or by both
clocks of an open loop. Wrong answers make the whole point INVALID."""


def judge(grounds: Grounds) -> Verdict:
    """Every check in turn; a point without a window has only a failed gate or that to say."""
    found = _findings(grounds)
    if grounds.endpoint.server == ATTACHED:
        found = map(attached.advised, found)
    return Verdict(tuple(found))


def _findings(grounds: Grounds) -> Iterable[Finding]:
    if grounds.windows or grounds.lost:
        return (finding for check in CHECKS for finding in check(grounds))
    failed = [f for f in _gate(grounds) if grounds.endpoint.gate is not None]
    return [*failed, *attached.stopped(grounds)] or [_never_measured(grounds)]


def _never_measured(grounds: Grounds) -> Finding:
    seen, why = "nothing was measured at this load", "there is no figure to judge"
    advice = _log(grounds) if grounds.run_complete else "finish the run: `serveoff run --resume RUN`"
    return Finding(FindingCode.NOT_MEASURED, True, seen, why, advice)


def _gate(grounds: Grounds) -> Iterator[Finding]:
    gate = grounds.endpoint.gate
    if grounds.role == "null" or (gate is None and grounds.endpoint.reference):
        return
    why = "a fast wrong answer is worthless, and skipped work looks like speed"
    if gate is None:
        advice = "run this endpoint again"
        yield Finding(FindingCode.GATE_MISSING, True, "the answers were not checked before timing", why, advice)
    elif not gate.passed and grounds.endpoint.server == ATTACHED and gate.problem:
        yield attached.disagreement(gate.problem, why)
    elif not gate.passed:
        error = f", largest error {gate.max_abs_error:.3g}" if gate.max_abs_error is not None else ""
        reason = gate.problem.text if gate.problem else "outputs differ"
        seen = f"the agreement gate failed: {reason} ({gate.checked} inputs checked{error})"
        yield Finding(FindingCode.GATE_FAILED, True, seen, why, "run `serveoff verify`, then `serveoff export --force`")


def _answers(grounds: Grounds) -> Iterator[Finding]:
    if grounds.role == "null":
        return
    checked = sum(w.answers_checked for w in grounds.windows)
    wrong = sum(w.wrong_answers for w in grounds.windows)
    why = "a server can be right when idle and wrong under load"
    mine, gate = grounds.culprit == grounds.endpoint.endpoint, grounds.endpoint.gate
    if wrong or (mine and (gate is None or gate.passed)):
        counted = f"{wrong:,} of {checked:,} answers checked under load were wrong"
        seen = counted if wrong else "it answered wrongly under another load"
        advice = "compare its answers with golden.npz; look for shared state"
        yield Finding(FindingCode.WRONG_ANSWERS, True, seen, why, advice)
    elif not checked and grounds.role == "contender":
        advice = "give the run more time (`--minutes`)"
        yield Finding(FindingCode.UNCHECKED, True, "no answer was checked under load", why, advice)
    if grounds.culprit and not mine and not wrong:
        seen = f"{grounds.culprit}, of the same deployment, answered wrongly"
        why = "one server process serves both"
        yield Finding(FindingCode.WRONG_DEPLOYMENT, True, seen, why, "fix that endpoint first")


def _device(grounds: Grounds) -> Iterator[Finding]:
    """Floors too: an overhead over a floor on another device is none. The null service has nothing to compute."""
    device = grounds.endpoint.device
    if grounds.device_asked != "cuda" or grounds.role == "null" or (device or "").startswith("cuda"):
        return
    told = device and f"the model computed on {device.replace('+', ' and ')}"
    where = told or "the server does not report its device"
    why = "a framework that cannot use the GPU falls back to the CPU, and only its log says so"
    advice = "look for driver, CUDA or memory errors in the server's log; check that it can see the GPU"
    yield Finding(FindingCode.DEVICE, True, f"a GPU was requested, but {where}", why, advice)


def _errors(grounds: Grounds) -> Iterator[Finding]:
    only = [w for w in grounds.lost if any(p.code is WindowCode.ONLY_ERRORS for p in w.problems)]
    errors = sum(w.errors for w in (*grounds.windows, *only))
    requests = sum(w.requests for w in (*grounds.windows, *only))
    if errors:
        statuses = sorted(grounds.failures.items(), key=lambda status: -status[1])
        counted = "; ".join(f"{count:,} {in_words(status)}" for status, count in statuses)
        seen = f"{errors:,} of {requests:,} requests failed" + (f": {counted}" if counted else "")
        why = "failed requests are often the fastest or slowest: without them a server looks better than it is"
        fatal = errors >= ERRORS_FATAL * requests
        yield Finding(FindingCode.ERRORS, fatal, seen, why, "read the server's log in logs/; lower `--concurrency`")


def loses(window: Window) -> bool:
    """What happened in the slice makes its figures worth nothing."""
    return any(problem.code in LOSES for problem in window.problems)


def interrupted(window: Window) -> bool:
    """The user cut the slice short: it is left out, and nothing is wrong."""
    return any(problem.code is WindowCode.INTERRUPTED for problem in window.problems)


def _lost_slices(grounds: Grounds) -> Iterator[Finding]:
    """One finding for each kind of problem, that of the most slices first; each names its first."""
    total, left = len(grounds.windows) + len(grounds.lost), len(grounds.windows)
    fatal = len(grounds.lost) > LOST_FATAL * total or left < FEWEST_LEFT
    problems = [next(p for p in w.problems if p.code in LOSES) for w in grounds.lost]
    for code, count in Counter(problem.code for problem in problems).most_common():
        number, first = next((w.number, p) for w, p in zip(grounds.lost, problems, strict=True) if p.code is code)
        seen = f"{count:,} of {total:,} slices were excluded, first slice {number}: {first.text}"
        why = f"{'the load' if code in NOT_DRIVEN else 'the server'} was not the same in them as in the others"
        advice = first.advice or f"{_log(grounds)}, and run this endpoint again"
        yield Finding(FindingCode.LOST_SLICES, fatal, seen, why, advice)


def _log(grounds: Grounds) -> str:
    return attached.ITS_LOG if grounds.endpoint.server == ATTACHED else "read the server's log in logs/"


def _rows(grounds: Grounds) -> Iterator[Finding]:
    for unread in grounds.row_problems:
        why = "every figure is computed from raw rows"
        yield Finding(FindingCode.ROWS, True, unread, why, "restore the file, or run this endpoint again")


def _container(grounds: Grounds) -> Iterator[Finding]:
    container = grounds.endpoint.container
    advice = "limits and cores are settings in .env; `docker compose config` shows what this service gets"
    for problem in container.problems if container else ():
        why = "its limits differ from those requested, so the comparison is not fair"
        yield Finding(FindingCode.CONTAINER, True, problem.text, why, advice)
    for had in grounds.unequal:
        why = "with unequal resources, a difference may come from neither server nor format"
        if container is None:
            advice = "set the same limits for all: `ulimit -v`, or those of the control group"
            yield Finding(FindingCode.UNEQUAL_RESOURCES, True, f"its processes had {had}", why, advice)
        else:
            yield Finding(FindingCode.UNEQUAL_CONTAINERS, True, f"its container had {had}", why, advice)


def _resources(grounds: Grounds) -> Iterator[Finding]:
    """Seen inside its processes, and told by the server itself; of processes and containers alike."""
    resources = grounds.endpoint.resources
    for problem in resources.problems if resources else ():
        why = "with other resources than requested, a difference may come from neither server nor format"
        advice = "look for what changed them: the server's log, variables such as OMP_NUM_THREADS, taskset, the labels"
        yield Finding(FindingCode.RESOURCES, True, problem.text, why, advice)


def _starts(grounds: Grounds) -> Iterator[Finding]:
    started = len({w.start for w in grounds.windows})
    if grounds.role == "contender" and grounds.run_complete and 0 < started < grounds.starts_asked:
        seen = f"it was measured in {started} of {grounds.starts_asked} starts"
        why = "starts of one deployment differ, and fewer starts show less of that"
        advice = "give the run more time (`--minutes`); of a start that failed, the server's log in logs/ says why"
        yield Finding(FindingCode.MISSING_STARTS, False, seen, why, advice)


def _warming(grounds: Grounds) -> Iterator[Finding]:
    if (spent_s := grounds.endpoint.still_warming_s) is None:
        return
    seen = f"it was still getting faster after {spent_s:g} s of warm-up"
    why = "once it is warm it is faster than these figures say"
    yield Finding(FindingCode.STILL_WARMING, False, seen, why, "give the run more time (`--minutes`)")


def _samples(grounds: Grounds) -> Iterator[Finding]:
    short = [name for name, q in PERCENTILES.items() if grounds.samples < min_samples(q)]
    if not short:
        return
    needed = max(min_samples(PERCENTILES[name]) for name in short)
    seen = f"{grounds.samples:,} samples; {needed:,} needed for {short[-1]}"
    why = f"no 95% interval exists for {', '.join(short)}, so {'it is' if len(short) == 1 else 'they are'} withheld"
    yield Finding(FindingCode.FEW_SAMPLES, "p90" in short, seen, why, "give the run more time (`--minutes`)")


def _stalls(grounds: Grounds) -> Iterator[Finding]:
    """A stall that began before a window leaves it empty: such a slice has no figure, so that many are fatal."""
    empty = sum(w.load.closed and not w.requests for w in grounds.windows)
    stalled = sum(took_s >= max(STALL_S, STALL_TIMES * grounds.p50_s) for took_s in grounds.longest_s)
    if not (empty or stalled):
        return
    slices, longest_s = len(grounds.windows), max(grounds.longest_s, default=0.0)
    fatal = empty > max(1, EMPTY_FATAL * slices)
    seen = f"the server stalled in {max(empty, stalled)} of {slices} slices, for up to {longest_s:.3g} s"
    seen += f"; {empty} of them had no request to count" if empty else ""
    why = "what it can serve is less than the other slices say" if fatal else "the median does not show it"
    yield Finding(FindingCode.STALLED, fatal, seen, why, "read the server's log for what it did then")


def _row_count(grounds: Grounds) -> Iterator[Finding]:
    counted = sum(w.requests for w in grounds.windows)
    if grounds.row_problems or abs(counted - grounds.rows_read) <= max(0.01 * counted, 1):
        return
    seen = f"{grounds.rows_read:,} raw rows for {counted:,} requests counted while measuring"
    why = "rows were lost, or come from two load tests"
    yield Finding(FindingCode.ROW_COUNT, True, seen, why, "restore the raw rows, or run this endpoint again")


def _client(grounds: Grounds) -> Iterator[Finding]:
    share = share_of((w.client_cpu_s, w.duration_s) for w in grounds.windows)
    if grounds.role == "floor" or share <= CLIENT_CPU_LIMIT:
        return
    seen = f"the load generator used {share:.0%} of one CPU"
    if grounds.role == "null":
        why = "the null service's throughput is then the limit of the load generator, not of a server"
        advice = "read it as the highest rate that this machine can generate"
        yield Finding(FindingCode.GENERATOR_CEILING, False, seen, why, advice)
        return
    why = "the load generator may have been the bottleneck, and latency then includes its own queue"
    advice = "give the load generator more cores, or lower `--concurrency`"
    yield Finding(FindingCode.GENERATOR_SATURATED, True, seen, why, advice)


def _busy(grounds: Grounds) -> Iterator[Finding]:
    """A caution: others slow down all endpoints alike, so that figures are of a busy machine and differences hold."""
    share = share_of((w.others_cpu_s, grounds.cores * w.duration_s) for w in grounds.windows)
    if share > OTHERS_LIMIT:
        seen = f"other processes used {share:.0%} of the run's cores"
        why = "latency is higher and throughput lower than on an idle machine; it affects all endpoints equally"
        yield Finding(FindingCode.BUSY_MACHINE, False, seen, why, "stop what else runs on these cores and run again")


def _shared(grounds: Grounds) -> Iterator[Finding]:
    """A caution: it is so for all endpoints of a run, and more so for those that are fast."""
    if grounds.role != "floor" and grounds.shared_cores:
        cores = ", ".join(map(str, grounds.shared_cores))
        seen = f"server and load generator shared core {cores}"
        why = "each took time from the other: latency holds both, and fast servers look slower than they are"
        advice = "run with a second core, or set `--server-cpus` and `--client-cpus` apart"
        yield Finding(FindingCode.SHARED_CORES, False, seen, why, advice)


def _late(grounds: Grounds) -> Iterator[Finding]:
    """From when a request was due its latency holds the generator's lateness, from when it was sent it does not.

    The truth lies between; only where the two come to different answers is there none.
    """
    due_s, sent_s = grounds.quantile_s or (0.0, 0.0)
    if sent_s <= grounds.bound_s < due_s:
        seen = f"the load generator was late: {due_s * 1e3:.3g} ms from when requests were due, {sent_s * 1e3:.3g} ms "
        seen += f"from when they were sent; the objective is {grounds.bound_s * 1e3:g} ms"
        why = "the generator's lateness decides whether the objective holds"
        advice = "give the load generator more cores, or lower the rate (`--open`)"
        yield Finding(FindingCode.GENERATOR_LATE, True, seen, why, advice)


def _beyond_ceiling(grounds: Grounds) -> Iterator[Finding]:
    """A caution: where the generator fell behind, both clocks say by how much."""
    if not grounds.windows:
        return
    rate, ceiling = grounds.windows[0].load.rate, grounds.open_ceiling
    if ceiling is None or rate <= ceiling or grounds.role == "null":
        return
    seen = f"{rate:g} req/s were requested; the load generator reached {ceiling:g} against the null service"
    why = "above that rate, the queue may be the load generator's own"
    advice = "lower the rate (`--open`), or give the load generator more cores"
    yield Finding(FindingCode.BEYOND_CEILING, False, seen, why, advice)


def too_fast(mine_s: Estimate, floor_s: Estimate) -> Finding:
    """What speaks against an endpoint whose p50 under one caller is below that of the bare model in process."""
    seen = f"p50 is {(mine_s.value or 0) * 1e3:.3g} ms with one caller; the bare model in process takes "
    seen += f"{(floor_s.value or 0) * 1e3:.3g} ms"
    why = "no server is faster than the model itself: it remembers answers, or skips work"
    advice = "look for a cache of answers; check that the server and the bare model have the same settings"
    return Finding(FindingCode.FASTER_THAN_MODEL, True, seen, why, advice)


Check = Callable[[Grounds], Iterator[Finding]]
CHECKS: Final[tuple[Check, ...]] = (
    _gate,
    _answers,
    _device,
    _errors,
    _lost_slices,
    _rows,
    _container,
    _resources,
    throttling.by_container,
    throttling.by_own_group,
    _starts,
    _warming,
    _samples,
    _stalls,
    _row_count,
    _client,
    _busy,
    _shared,
    _late,
    _beyond_ceiling,
    attached.stopped,
)
