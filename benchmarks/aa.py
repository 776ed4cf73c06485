"""Equal deployments are called equal (A/A): `python -m benchmarks.aa [--trials 30] [--minutes 2] [--formats ...]`.

Each trial is a run of one deployment that is registered twice, under two names, with starts of its own; as `serveoff
run` makes it of so many minutes (of less than five without looks), but without payloads and open loops. What it must
find, the exit code being 1 where it does not:

- a pair called `faster`, on p50 (one caller) or on throughput, in at most 5% of all verdicts;
- no verdict, for one of the two was INVALID, in at most 10%;
- of the logarithm of the twin's figure over the original's, whose truth is 0, a root mean square over the trials of
  each format of at most 3% (p50 of one caller) and 5% (rate of 16 callers);
- of the same processes compared again, by the odd rounds of their start and by the even ones, at most 1.5% each: see
  `benchmarks.twins.again`.

The last line is one JSON object with all of it. Ctrl-C ends it early, and what was measured is summed up.
"""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.twins import STATISTICS, Pair, Trial, judged, options, repeat, rms, run, say

FORMATS = ("torchscript", "savedmodel")
FALSE_CALLS, NO_VERDICTS, AGAIN = 0.05, 0.1, 0.015
ERRORS: Mapping[str, float] = {"p50": 0.03, "rate": 0.05}


def summed_up(trials: Mapping[str, Sequence[Trial]]) -> dict[str, Any]:
    """Every figure with its bound, by format, and whether all are met; of no trial, none is."""
    told = [trial[name] for own in trials.values() for trial in own for name in STATISTICS]
    verdicts = [t.outcome for t in told if t.outcome in ("faster", "tied", "undecided")]
    targets = {
        "false_calls": (verdicts.count("faster") / len(verdicts) if verdicts else math.nan, FALSE_CALLS),
        "no_verdicts": (1 - len(verdicts) / len(told) if told else math.nan, NO_VERDICTS),
    }
    for format, own in trials.items():
        for name in STATISTICS:
            mine = [trial[name] for trial in own]
            targets[f"{format}_{name}_error"] = rms([t.ratio for t in mine]), ERRORS[name]
            targets[f"{format}_{name}_again"] = rms([t.again for t in mine]), AGAIN
    figures = judged(targets)
    return {
        "trials": {format: len(own) for format, own in trials.items()},
        "verdicts": len(verdicts),
        "tied": verdicts.count("tied"),
        "figures": figures,
        "met": bool(told) and all(figure["met"] for figure in figures.values()),
    }


def main() -> int:
    """The exit code."""
    parser = options("Equal deployments are called equal.", trials=30, minutes=2.0)
    parser.add_argument("--formats", nargs="+", default=FORMATS, help="formats of the Flask services to register twice")
    asked = parser.parse_args()
    pairs = {f"flask-{format}": format for format in asked.formats}
    trials: dict[str, list[Trial]] = {format: [] for format in asked.formats}
    both = [Pair(name, f"{name}-twin", {}) for name in pairs]
    for pair, trial in repeat(asked.trials, asked.minutes, both, asked.keep):
        trials[pairs[pair.original]].append(trial)
    summary = summed_up(trials)
    say(summary["figures"])
    print(json.dumps({"benchmark": "aa", "minutes": asked.minutes, **summary}))
    return 0 if summary["met"] else 1


if __name__ == "__main__":
    sys.exit(run(main))
