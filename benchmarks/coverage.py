"""How often the intervals hold what is true: `python -m benchmarks.coverage [TRIALS]`.

Latencies are drawn from processes whose quantiles are known; each trial is an endpoint of three rounds, judged as a run
judges it. A 95% interval must hold the truth in 92 to 98 of 100 trials, and an endpoint compared with itself may be
called different in at most 5 (A/A); of families of eleven equal endpoints at most 5 in 100 may show any difference. The
exit code is 1 where one does not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from serveoff.analyse.statistics.blocks import WindowSample
from serveoff.analyse.statistics.estimates import (
    PERCENTILES,
    Sampled,
    all_pairs,
    bootstrap,
    estimate,
    ratio,
    round_noise,
    simultaneous,
)
from serveoff.analyse.verdict import difference

WINDOW_S, ROUNDS, RATE = 3.0, 3, 400.0
FAMILY = 11
COVERAGE, FALSE_ALARMS = (0.92, 0.98), 0.05
STATISTICS = (*PERCENTILES, "throughput")
Draw = Callable[[np.random.Generator, float], tuple[np.ndarray, np.ndarray]]
"""Starts in seconds, ascending, and latencies of one window of so many seconds."""


def lognormal(random: np.random.Generator, window_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Independent latencies; starts of a Poisson process."""
    starts = _poisson(random, window_s)
    return starts, 0.002 * random.lognormal(0, 0.4, starts.size)


def stalls(random: np.random.Generator, window_s: float) -> tuple[np.ndarray, np.ndarray]:
    """The same, and now and then a stall of 10 ms that holds back whoever comes meanwhile."""
    starts, latency = lognormal(random, window_s)
    begins = np.cumsum(random.exponential(0.25, int(window_s * 12) + 20))
    last = begins[np.maximum(np.searchsorted(begins, starts, side="right") - 1, 0)]
    since = np.where(starts >= last, starts - last, np.inf)
    return starts, latency + np.maximum(0.0, 0.01 - since)


def queue(random: np.random.Generator, window_s: float) -> tuple[np.ndarray, np.ndarray]:
    """One server at half its capacity (M/M/1): latencies of neighbours are correlated."""
    warm_s = 1.0
    starts = _poisson(random, window_s + warm_s)
    service = random.exponential(0.5 / RATE, starts.size)
    done = np.empty(starts.size)
    free = 0.0
    for i, (start, needs) in enumerate(zip(starts.tolist(), service.tolist(), strict=True)):
        free = max(start, free) + needs
        done[i] = free
    kept = starts >= warm_s
    return starts[kept] - warm_s, (done - starts)[kept]


PROCESSES: Mapping[str, Draw] = {"lognormal": lognormal, "stalls": stalls, "queue": queue}


@dataclass(frozen=True)
class Simulated:
    """A process whose rounds differ by a lognormal factor of this deviation."""

    draw: Draw
    drift: float = 0.0

    def endpoint(self, random: np.random.Generator) -> dict[str, Sampled]:
        """One endpoint of a run, resampled."""
        windows = []
        for _ in range(ROUNDS):
            starts, latency = self.draw(random, WINDOW_S)
            windows.append(WindowSample(latency * float(np.exp(self.drift * random.normal())), starts, WINDOW_S))
        return bootstrap(windows, int(random.integers(2**31)))

    def run(self, random: np.random.Generator, size: int) -> tuple[list[dict[str, Sampled]], dict[str, float]]:
        """A run of equal endpoints, and its noise between rounds."""
        endpoints = [self.endpoint(random) for _ in range(size)]
        return endpoints, {name: round_noise(e[name] for e in endpoints if name in e) for name in STATISTICS}

    def truth(self) -> dict[str, float]:
        """From a window of an hour and more."""
        _, latency = self.draw(np.random.default_rng(12345), 4000.0)
        return {name: float(np.quantile(latency, q)) for name, q in PERCENTILES.items()} | {"throughput": RATE}


@dataclass(frozen=True)
class Result:
    """Shares of trials: intervals that held the truth, by statistic; pairs and families called different."""

    coverage: Mapping[str, float]
    called_different: Mapping[str, float]
    families: float


def simulate(simulated: Simulated, trials: int, seed: int = 1) -> Result:
    """Run after run of eleven equal endpoints."""
    random = np.random.default_rng(seed)
    truth, held, different, families = simulated.truth(), [], [], []
    for _ in range(max(1, trials // FAMILY)):
        endpoints, noise = simulated.run(random, FAMILY)
        held += [_held(endpoint, noise, truth) for endpoint in endpoints]
        different += [_pair(a, b, noise) for a, b in zip(endpoints[::2], endpoints[1::2], strict=False)]
        families.append(_family(endpoints, noise["p50"]))
    return Result(_means(held), _means(different), float(np.mean(families)))


def _held(endpoint: Mapping[str, Sampled], noise: Mapping[str, float], truth: Mapping[str, float]) -> dict[str, bool]:
    found = {name: estimate(endpoint[name], noise[name]) for name in STATISTICS}
    return {name: (e.low or 0.0) <= truth[name] <= (e.high or 0.0) for name, e in found.items()}


def _pair(a: Mapping[str, Sampled], b: Mapping[str, Sampled], noise: Mapping[str, float]) -> dict[str, bool]:
    return {name: difference(ratio(a[name], b[name], noise[name])) in ("better", "worse") for name in STATISTICS}


def _family(endpoints: list[dict[str, Sampled]], noise: float) -> bool:
    """Whether the best of equal endpoints is called better than any other, as the report would."""
    best, *rest = sorted((e["p50"] for e in endpoints), key=lambda sampled: sampled.value)
    found = (simultaneous(ratio(other, best, noise), all_pairs(len(endpoints))) for other in rest)
    return any(difference(f) == "better" for f in found)


def _means(rows: list[dict[str, bool]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in STATISTICS}


def _poisson(random: np.random.Generator, window_s: float) -> np.ndarray:
    count = random.poisson(RATE * window_s)
    return np.sort(random.uniform(0, window_s, count))


def scenarios() -> Iterator[tuple[str, Simulated]]:
    """Every process, steady and with rounds that differ."""
    for name, draw in PROCESSES.items():
        yield name, Simulated(draw)
    yield "lognormal, drift 3%", Simulated(lognormal, 0.03)


def judge(result: Result, simulated: Simulated) -> list[str]:
    """What is beyond its bounds. With drift the truth of one run is its own, so only the alarms are judged."""
    low, high = COVERAGE
    missed = [f"coverage of {n}: {s:.1%}" for n, s in result.coverage.items() if not low <= s <= high]
    alarms = [f"A/A by {n}: {s:.1%}" for n, s in result.called_different.items() if s > FALSE_ALARMS]
    family = [f"families: {result.families:.1%}"] if result.families > FALSE_ALARMS else []
    return [*([] if simulated.drift else missed), *alarms, *family]


def main(trials: int) -> int:
    """Simulate, print, judge."""
    table = Table("process", *(f"{n} holds" for n in STATISTICS), *(f"{n} A/A" for n in STATISTICS), "families")
    failed = []
    for name, simulated in scenarios():
        result = simulate(simulated, trials)
        shares = (*result.coverage.values(), *result.called_different.values(), result.families)
        table.add_row(name, *(f"{share:.1%}" for share in shares))
        failed += [f"{name}: {what}" for what in judge(result, simulated)]
    Console(width=150).print(table)
    print("\n".join(failed) or "all within bounds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1100))
