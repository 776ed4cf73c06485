"""The parts of a slice, put together as if one load generator had driven it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from serveoff.loadtests.generator.commands import Drive
from serveoff.loadtests.generator.rows import Rows, decoded, encoded
from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.recording.statuses import NO_ANSWER
from serveoff.loadtests.recording.windows import Window, WorkerClock

CLEAR: Final = 10
"""A window is so many times wider than the clocks may be off, or nobody knows whether it was one window."""
AGAIN: Final = "see why on its host, and start it again: it joins the run"
NEARER: Final = "measure longer slices (`--duration`), or use workers on a nearer or quieter network"
SUMS: Final = ("requests", "errors", "answers_checked", "wrong_answers")
LARGEST: Final = ("max_abs_error", "client_cpu_s", "client_spun_s", "late_s")
"""Fields of a Window. How late the generators were is told by the worst of them."""


@dataclass(frozen=True)
class Driven:
    """One worker's part, as it told of it."""

    clock: WorkerClock
    done: dict[str, Any]

    @property
    def window(self) -> Window:
        """Of its own callers alone."""
        return Window.model_validate({"round": 0} | self.done["window"])


def merged(drive: Drive, parts: Sequence[Driven], lost: Sequence[str], told_s: float) -> dict[str, Any]:
    """The fields of the event that ends a slice.

    `lost` are workers that took no part in it, or did not tell; `told_s` is when its window was said to be open, by the
    epoch. RuntimeError where nobody told.
    """
    if not parts:
        raise RuntimeError(_lost(lost, 0))
    rows = _together([decoded(part.done["rows"]) for part in parts])
    ended_s = rows["start_s"] + rows["latency_s"]
    served = (ended_s >= told_s) & ~np.isin(rows["status"], list(NO_ANSWER))
    window = _window(drive, parts)
    if lost:
        problem = WindowProblem(code=WindowCode.WORKER_LOST, text=_lost(lost, len(parts)), advice=AGAIN)
        window.problems.insert(0, problem)
    return {
        "window": window.model_dump(mode="json", exclude={"round"}, exclude_defaults=True),
        "served": int(served.sum()) if drive.duration_s else 0,
        "rows": encoded(rows),
    }


def _lost(names: Sequence[str], left: int) -> str:
    return f"load worker {', '.join(names)} was lost, {left} took part without it"


def _together(parts: Sequence[Rows]) -> Rows:
    """All rows in the order of completion."""
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(rows["start_s"] + rows["latency_s"], kind="stable")
    return {name: column[order] for name, column in rows.items()}


def _window(drive: Drive, parts: Sequence[Driven]) -> Window:
    windows = [part.window for part in parts]
    sums = {name: sum(getattr(window, name) for window in windows) for name in SUMS}
    known = {name: [value for w in windows if (value := getattr(w, name)) is not None] for name in LARGEST}
    return windows[0].model_copy(
        update=asdict(drive.load)
        | sums
        | {name: max(values, default=None) for name, values in known.items()}
        | {
            "start_s": min(window.start_s for window in windows),
            "duration_s": _seconds(drive, windows),
            "workers": [part.clock for part in parts],
            "problems": [problem for part in parts for problem in _problems(drive, part)],
        }
    )


def _seconds(drive: Drive, windows: Sequence[Window]) -> float:
    """Closed loop: the mean over all callers, as each worker has it over its own."""
    if not drive.load.closed:
        return max(window.duration_s for window in windows)
    callers = sum(window.concurrency for window in windows)
    return sum(window.duration_s * window.concurrency for window in windows) / callers


def _problems(drive: Drive, part: Driven) -> Iterator[WindowProblem]:
    name = part.clock.worker
    for problem in part.window.problems:
        yield problem.model_copy(update={"text": f"load worker {name}: {problem.text}"})
    if drive.duration_s and CLEAR * part.clock.bound_s > drive.duration_s:
        text = f"the clock of load worker {name} is known to within {part.clock.bound_s * 1e3:.3g} ms, too little "
        text += f"for a window of {drive.duration_s * 1e3:.3g} ms"
        yield WindowProblem(code=WindowCode.NOT_TOGETHER, text=text, advice=NEARER)
    if drive.duration_s and (late_s := part.done["begun_late_s"]) > drive.lead_in_s:
        text = f"load worker {name} began {late_s * 1e3:.3g} ms late, when the window was open"
        yield WindowProblem(code=WindowCode.NOT_TOGETHER, text=text, advice="stop what else runs on its host")
