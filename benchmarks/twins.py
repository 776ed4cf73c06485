"""One deployment registered twice, measured in trial after trial as a run does, and what each trial says of the two."""

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import yaml
from rich.console import Console

from serveoff.analyse.analysis import analyse
from serveoff.analyse.evidence import LATENCY, THROUGHPUT, Evidence, Measure
from serveoff.analyse.race import look
from serveoff.analyse.slice_rows import read_run
from serveoff.analyse.statistics.common_drift import at_mean_speed, slowness
from serveoff.analyse.statistics.sampled import SliceSample
from serveoff.errors import ExitCode, ServeoffError
from serveoff.interrupts import interruptible
from serveoff.loadtests.loads import closed
from serveoff.measure import run_lifecycle
from serveoff.measure.plan.profiles import run_settings
from serveoff.measure.runtimes.cpus import plan_cpus
from serveoff.record.settings import RunSettings
from serveoff.record.suite import load_suite
from serveoff.services.registry import COMPOSE_FILE

MODEL = "digits_cnn"
ALONE, MANY = 1, 16
"""Callers: p50 is of one, the rate of many."""
Samples = Sequence[SliceSample]


def service(name: str) -> dict[str, Any]:
    """A block of the registry without its ports on the host: a copy takes free ones."""
    block: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())["services"][name]
    del block["ports"]
    return block


@contextmanager
def registered(blocks: Mapping[str, Any]) -> Iterator[None]:
    """The registry with these blocks in it, too, by a Compose override that COMPOSE_FILE names."""
    with tempfile.TemporaryDirectory() as folder:
        override = Path(folder) / "more.yml"
        override.write_text(yaml.safe_dump({"services": dict(blocks)}))
        with patch.dict(os.environ, COMPOSE_FILE=os.pathsep.join((str(COMPOSE_FILE), str(override)))):
            yield


def p50_s(samples: Samples) -> float:
    """The median latency of all answers."""
    return float(np.median(np.concatenate([s.latency_s for s in samples])))


def rate(samples: Samples) -> float:
    """Answers a second of all slices together."""
    return sum(s.latency_s.size for s in samples) / sum(s.duration_s for s in samples)


@dataclass(frozen=True)
class Statistic:
    """A figure of a deployment, under so many callers, and the objective on which the run judges the pair by it."""

    callers: int
    of: Callable[[Samples], float]
    measure: Measure


STATISTICS: Mapping[str, Statistic] = {
    "p50": Statistic(ALONE, p50_s, LATENCY),
    "rate": Statistic(MANY, rate, THROUGHPUT),
}


@dataclass(frozen=True)
class Told:
    """What one trial says by one statistic. Logarithms of ratios, 0 where both are equal."""

    ratio: float
    """The twin's figure over the original's."""
    again: float
    """The same of the same processes compared again: see `again`."""
    outcome: str
    """The run's verdict: `faster`, `tied`, `undecided`; or why it has none."""
    better: str = ""
    """Which endpoint is the better one, by the figures."""

    def __str__(self) -> str:
        """For the line of a trial."""
        return f"{math.expm1(self.ratio):+.1%} {self.outcome} (again {math.expm1(self.again):+.1%})"


Trial = Mapping[str, Told]
"""By the names of STATISTICS."""


@dataclass(frozen=True)
class Pair:
    """A deployment of the registry and its twin."""

    original: str
    twin: str
    environment: Mapping[str, str]
    """Of the twin, over the original's."""
    launcher: str = ""
    """The twin's, if not the original's."""

    @property
    def endpoints(self) -> tuple[str, str]:
        """Original and twin."""
        return f"{self.original}-rest", f"{self.twin}-rest"

    def settings(self, minutes: float, seed: int) -> RunSettings:
        """Of a run of these two alone, as its minutes make it, but without payloads and open loops."""
        cpus = plan_cpus()
        return run_settings(
            "default",
            model=MODEL,
            endpoints=list(self.endpoints),
            concurrencies=[ALONE, MANY],
            minutes=minutes,
            seed=seed,
            server_cpus=list(cpus.server),
            client_cpus=list(cpus.client),
            payloads=False,
            open_shares=[],
            probes=0,
        )

    @contextmanager
    def registered(self) -> Iterator[None]:
        """The registry with the twin in it."""
        block = service(self.original)
        block["environment"] |= self.environment
        block["labels"] |= {"serving.launcher": self.launcher} if self.launcher else {}
        with registered({self.twin: block}):
            yield

    def trial(self, minutes: float, seed: int, results: Path) -> Trial:
        """One run of the two, with starts of its own, and what it says."""
        with self.registered(), patch.dict(os.environ, SERVEOFF_RESULTS=str(results)):
            folder = carried_out(self.settings(minutes, seed), Console(quiet=True))
        return read_trial(folder, *self.endpoints)


def carried_out(settings: RunSettings, console: Console) -> Path:
    """The folder of a run, from its check to its end."""
    run_lifecycle.check(settings)
    run_lifecycle.prepare(settings, console)
    folder = run_lifecycle.begin(settings)
    run_lifecycle.carry_out(folder, console, look)
    return folder


def read_trial(folder: Path, original: str, twin: str) -> Trial:
    """What the run in `folder` says of these two endpoints; ValueError where it has no slices of either."""
    evidence = analyse(folder).evidence
    told = {}
    for name, statistic in STATISTICS.items():
        both = [samples_of(folder, endpoint, statistic.callers) for endpoint in (original, twin)]
        if not all(both):
            raise ValueError(f"no slices of {original} and {twin} with {statistic.callers} callers: see {folder}")
        slower = slowness(both)  # as a run takes it out of all its figures
        both = [at_mean_speed(samples, slower) for samples in both]
        apart = again(both[0], both[1], statistic.of)
        ratio = _reported(evidence, statistic.measure, original, twin)
        ratio = math.log(statistic.of(both[1]) / statistic.of(both[0])) if ratio is None else ratio
        told[name] = Told(ratio, apart, *verdict(evidence, statistic.measure))
    return told


def _reported(evidence: Evidence, measure: Measure, original: str, twin: str) -> float | None:
    """The logarithm of the twin's figure over the original's, as the run tells them; None where one does not count."""
    figures = {point.endpoint: evidence.sampled[point.key][measure.statistic] for point in evidence.candidates(measure)}
    if not {original, twin} <= figures.keys():
        return None
    return math.log(figures[twin].value / figures[original].value)


def samples_of(folder: Path, endpoint: str, callers: int) -> list[SliceSample]:
    """The slices that count of one endpoint under so many callers."""
    result, rows = load_suite(folder).endpoint(endpoint), read_run(folder)
    windows = result.windows_of(closed(callers)) if result else []
    return [rows.read(window).sample for window in windows if not window.problems and window.requests]


def again(original: Samples, twin: Samples, of: Callable[[Samples], float]) -> float:
    """How far the same processes, compared again, come out elsewhere: half the difference of the two comparisons.

    The processes of one start are compared by its odd rounds, and again by its even ones, each time by the logarithm of
    the twin's figure over the original's, from slices at the machine's mean speed, as a run tells its figures
    (serveoff.analyse.statistics.common_drift); what is true of these processes is the same both times. Half of the
    difference has the standard error of the comparison by all rounds (var((a - b) / 2) = var((a + b) / 2) for
    independent a and b), so its root mean square is that of a run's ratio if starts added nothing. Of several starts
    the mean, each weighing as many slices as it has; 0 where no start has both kinds of rounds.
    """
    differences, weights = [], []
    for start in sorted({s.start for s in twin}):
        own = [[s for s in side if s.start == start] for side in (original, twin)]
        halves = [[[s for s in side if s.round % 2 == parity] for side in own] for parity in (1, 0)]
        if all(samples for half in halves for samples in half):
            odd, even = (math.log(of(second) / of(first)) for first, second in halves)
            differences.append((odd - even) / 2)
            weights.append(sum(map(len, own)))
    return float(np.average(differences, weights=weights)) if differences else 0.0


def verdict(evidence: Evidence, measure: Measure) -> tuple[str, str]:
    """The run's verdict on the one pair that it has, and the better endpoint; without a verdict what is INVALID."""
    for (better, _), pair in evidence.contrasted(measure).items():
        return pair.outcome, better
    invalid = [entry.name for entry in evidence.contenders if not (point := measure.point(entry)) or not point.valid]
    return f"no verdict: {' and '.join(invalid)} INVALID", ""


def rms(values: Sequence[float]) -> float:
    """Root mean square; nan of nothing."""
    return float(np.sqrt(np.mean(np.square(values)))) if values else math.nan


def repeat(trials: int, minutes: float, pairs: Sequence[Pair], keep: str) -> Iterator[tuple[Pair, Trial]]:
    """Trial after trial of each pair in turn, a line each; Ctrl-C ends it, and what was measured stays."""
    began_s, total = time.monotonic(), trials * len(pairs)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, total + 1):
            pair = pairs[(number - 1) % len(pairs)]
            try:
                trial = pair.trial(minutes, number, Path(keep or folder))
            except (KeyboardInterrupt, ServeoffError, ValueError) as error:
                print(f"trial {number} of {total} ended: {str(error) or 'interrupted'}", file=sys.stderr)
                if isinstance(error, KeyboardInterrupt):
                    return
                continue
            yield pair, trial
            left_s = (time.monotonic() - began_s) / number * (total - number)
            says = "; ".join(f"{name} {told}" for name, told in trial.items())
            print(f"trial {number} of {total}, {pair.twin}: {says}; {left_s / 60:.0f} min left", flush=True)


def options(description: str, trials: int, minutes: float) -> argparse.ArgumentParser:
    """What all of these benchmarks take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--trials", type=int, default=trials)
    parser.add_argument("--minutes", type=float, default=minutes, help="minutes of one trial")
    parser.add_argument("--keep", default="", help="folder to keep the trials' runs in; removed without it")
    return parser


def judged(targets: Mapping[str, tuple[float, float]], most: bool = True) -> dict[str, Any]:
    """Of each figure: what it is, its bound, and whether that is met; nan is null and meets none."""
    met = {name: (figure <= bound if most else figure >= bound) for name, (figure, bound) in targets.items()}
    rounded = {name: None if math.isnan(figure) else round(figure, 4) for name, (figure, _) in targets.items()}
    return {name: {"is": rounded[name], "bound": bound, "met": met[name]} for name, (_, bound) in targets.items()}


def say(figures: Mapping[str, Any]) -> None:
    """A line for each."""
    for name, figure in figures.items():
        known = "not measured" if figure["is"] is None else f"{figure['is']:.1%}"
        print(
            f"{'met:   ' if figure['met'] else 'MISSED:'} {name.replace('_', ' ')} {known}, bound {figure['bound']:.1%}"
        )


def run(main: Callable[[], int]) -> int:
    """Its exit code; that of an interrupt where there was nothing yet to sum up."""
    try:
        with interruptible():
            return main()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
