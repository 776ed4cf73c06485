"""How often the intervals hold what is true: `python -m benchmarks.coverage [RUNS]`.

Whole runs are simulated whose truth is known: deployments of two servers and two frameworks, all equal; of one
framework the starts are alike and of the other not; a machine that for as long as a start slows one server by more than
the other; slices that a burst makes slower; a machine that drifts for many rounds at a time; and deployments that leave
the race, whose slices all lie in its beginning. Each is judged as a run judges it. 95% intervals must hold the truth in
92 to 98 of 100, and in at most 5 of 100 races may any two equal endpoints be called different at any of the looks,
whether all are equal or half of them far apart. Of so many simulated races that share has an error of its own: what is
beyond 5 of 100 is MISSED where a method that just keeps to it has so many in less than one of 100 simulations. One JSON
line comes last; the exit code is 1 where a bound is missed.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
from scipy.stats import binom

from serveoff.analyse.statistics.common_drift import at_mean_speed, slowness
from serveoff.analyse.statistics.draws import draw
from serveoff.analyse.statistics.estimates import PERCENTILES, Array
from serveoff.analyse.statistics.few_slices import moderated
from serveoff.analyse.statistics.machine_drift import machine_drift
from serveoff.analyse.statistics.max_t import boundary, ratios
from serveoff.analyse.statistics.sampled import Sampled, SliceSample, estimate, resample
from serveoff.analyse.statistics.start_effect import Of, excesses, with_effects

DEPLOYMENTS: Final = [(s, f, str(i)) for s in ("flask", "tuned") for f in ("torch", "tensorflow") for i in range(2)]
"""Server, framework, number; each has one endpoint."""
START_EFFECT: Final = {"torch": 0.01, "tensorflow": 0.04}
SERVER_EFFECT: Final = 0.02
"""How a server's starts differ from the other's: of all its deployments alike."""
STARTS, ROUNDS, REQUESTS = 5, 16, 40
FIRST_LOOK = 2
SPREAD = 0.25
"""Of the logarithm of one request's latency."""
SLICE, BURST_SHARE, BURST = 0.08, 0.1, 0.5
"""How slices differ, and how many are slower by how much: of one endpoint alone, on the scale of logarithms."""
COVERAGE, FALSE_CALLS = (0.92, 0.98), 0.05
FAR: Final = 3.0
"""No two equal deployments are found so many times apart."""
JUDGED: Final = ("p50", "p90", "p99", "throughput", "cpu")
RACED: Final = ("p50", "throughput", "cpu")


Deployment = tuple[str, str, str]


@dataclass(frozen=True)
class Simulated:
    """The machine's drift in each round, as the deviation of a logarithm, and how much of it is left in the next."""

    drift: float
    memory: float
    out_after: int = STARTS
    """The start after which every second deployment is out of the race."""

    def drifts(self, random: np.random.Generator) -> Array:
        """By round of the run."""
        found = [random.normal()]
        for _ in range(STARTS * ROUNDS - 1):
            found.append(self.memory * found[-1] + np.sqrt(1 - self.memory**2) * random.normal())
        return self.drift * np.array(found)

    def run(self, random: np.random.Generator) -> dict[Deployment, list[SliceSample]]:
        """The slices of every deployment."""
        drifts = self.drifts(random)
        servers = {server: SERVER_EFFECT * random.normal(size=STARTS) for server, _, _ in DEPLOYMENTS}
        slices = {d: list(_slices(START_EFFECT[d[1]], servers[d[0]], drifts, random)) for d in DEPLOYMENTS}
        return {d: [s for s in own if d[2] == "0" or s.start <= self.out_after] for d, own in slices.items()}


SCENARIOS: Final = {
    "bursts": Simulated(0.05, 0.0),
    "drift and bursts": Simulated(0.15, 0.95),
    "drift and some out of the race": Simulated(0.15, 0.95, out_after=2),
}
"""Where the machine drifts for long, one run cannot know its mean: only ratios must hold what is true."""


@dataclass(frozen=True)
class Result:
    """Shares of intervals that held the truth, by statistic, and of races in which equal endpoints were told apart."""

    figures: Mapping[str, float]
    ratios: Mapping[str, float]
    false_calls: Mapping[str, float]
    false_calls_beside_others: Mapping[str, float]
    """Where every second deployment is far from all others."""


def simulate(simulated: Simulated, runs: int, seed: int = 1) -> Result:
    """So many runs, one after the other."""
    truth, random = _truth(), np.random.default_rng(seed)
    figures: dict[str, list[float]] = {name: [] for name in JUDGED}
    pairs: dict[str, list[float]] = {name: [] for name in JUDGED}
    calls: dict[str, list[float]] = {name: [] for name in RACED}
    beside: dict[str, list[float]] = {name: [] for name in RACED}
    for number in range(runs):
        slices = simulated.run(random)
        looks = [_sampled(slices, number, starts) for starts in range(FIRST_LOOK, STARTS + 1)]
        for name, sampled in looks[-1].items():
            estimates = [estimate(each) for each in sampled]
            figures[name].append(_share([(e.low or 0) <= truth[name] <= (e.high or 0) for e in estimates]))
            within, half = zip(sampled[::2], sampled[1::2], strict=True), len(sampled) // 2
            across = zip(sampled[:half], sampled[half:], strict=True)
            alone = [ratios([pair])[0] for pair in (*within, *across)]
            pairs[name].append(_share([(r.low or 0) <= 1 <= (r.high or 0) for r in alone]))
        for name in RACED:
            for found, apart in ((calls, False), (beside, True)):
                seen = [_different(_apart(look[name], apart), n, len(looks)) for n, look in enumerate(looks, start=1)]
                found[name].append(any(seen))
    return Result(*({n: float(np.mean(v)) for n, v in found.items()} for found in (figures, pairs, calls, beside)))


def most_calls(runs: int) -> float:
    """The share of false calls that a method which has FALSE_CALLS keeps to in 99 of 100 simulations (binomial)."""
    return float(binom.ppf(0.99, runs, FALSE_CALLS)) / runs


def judge(name: str, result: Result, runs: int) -> list[str]:
    """What is beyond its bounds, of so many runs."""
    low, high = COVERAGE
    held = {**({} if SCENARIOS[name].memory else {f"{n} alone": s for n, s in result.figures.items()}), **result.ratios}
    missed = [f"{name}: {what} holds in {share:.1%}" for what, share in held.items() if not low <= share <= high]
    calls = [*result.false_calls.items(), *result.false_calls_beside_others.items()]
    return missed + [f"{name}: {n} called different in {s:.1%} of races" for n, s in calls if s > most_calls(runs)]


def _slices(effect: float, server: Array, drifts: Array, random: np.random.Generator) -> Iterator[SliceSample]:
    for start in range(1, STARTS + 1):
        of_start = effect * random.normal() + server[start - 1]
        for round_ in range((start - 1) * ROUNDS, start * ROUNDS):
            slower = of_start + drifts[round_] + SLICE * random.normal() + BURST * (random.random() < BURST_SHARE)
            latency = 0.001 * np.exp(slower) * random.lognormal(0, SPREAD, REQUESTS)
            spent = float(latency.sum())
            due_s, cpu_s = np.zeros(REQUESTS), 0.4 * spent
            yield SliceSample(start, round_ + 1, latency, latency, due_s, spent, cpu_s, REQUESTS)


def _sampled(
    slices: Mapping[Deployment, Sequence[SliceSample]], seed: int, starts: int = STARTS
) -> dict[str, list[Sampled]]:
    """Every statistic of every deployment after so many starts, with what a start adds."""
    kept = {name: [s for s in own if s.start <= starts] for name, own in slices.items()}
    draws = draw((s.unit for own in kept.values() for s in own), seed)
    slower, machine = slowness(kept.values()), machine_drift(kept.values())
    found = {name: resample(at_mean_speed(own, slower), draws) for name, own in kept.items()}
    by_statistic = {}
    for number, statistic in enumerate(JUDGED):
        known = moderated({d: sampled[statistic] for d, sampled in found.items()}, [seed, number])
        points = [Of(" ".join(d), d[0], d[1], "1", sampled) for d, sampled in known.items()]
        started = with_effects(points, excesses(points), [seed, number])
        by_statistic[statistic] = [replace(sampled, machine=machine.whole) for sampled in started]
    return by_statistic


def _apart(sampled: Sequence[Sampled], apart: bool) -> list[Sampled]:
    """With every second one far from all others, if they are to be."""
    return [replace(s, value=s.value * 10.0**n if apart and n % 2 else s.value) for n, s in enumerate(sampled)]


def _different(sampled: Sequence[Sampled], look: int, looks: int) -> bool:
    """Whether any two that are equal are called different, at one look of those that a race has."""
    pairs = list(combinations(sampled, 2))
    equal = [r for (a, b), r in zip(pairs, ratios(pairs, boundary(look, looks)), strict=True) if _equal(a, b)]
    return any(r.low is not None and r.high is not None and (r.low > 1 or r.high < 1) for r in equal)


def _equal(a: Sampled, b: Sampled) -> bool:
    return 1 / FAR < a.value / b.value < FAR


def _share(held: Sequence[bool]) -> float:
    return sum(held) / len(held)


def _truth() -> dict[str, float]:
    """Of a deployment of infinitely many starts, whose starts do not differ by much: from two million requests.

    All is at the machine's mean speed.
    """
    random = np.random.default_rng(12345)
    count, each = 20_000, 100
    slower = SLICE * random.normal(size=count) + BURST * (random.random(count) < BURST_SHARE)
    latency = 0.001 * np.exp(slower)[:, None] * random.lognormal(0, SPREAD, (count, each))
    quantiles = {name: float(np.quantile(latency, int(name[1:]) / 100)) for name in PERCENTILES}
    mean_s = float(latency.mean())
    return {**quantiles, "throughput": 1 / mean_s, "cpu": 0.4 * mean_s}


def main(runs: int) -> int:
    """Simulate, print, judge."""
    missed, said = [], {}
    for name, simulated in SCENARIOS.items():
        result = simulate(simulated, runs)
        said[name] = asdict(result)
        missed += judge(name, result, runs)
    print("\n".join(missed) or "all within bounds")
    print(json.dumps({"runs": runs, "missed": len(missed), **said}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 400))
