"""C2: what optimising a graph gains over eager calls, and whether an eager endpoint holds the objective."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from serveoff.analyse.claims.pairs import FORMS, TF1, Pair, batches, callers, contrasts, find
from serveoff.analyse.claims.ruling import FASTER, Exhibit, Ruling, Voice, heard, rule
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.evidence import Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.loadtests.loads import closed
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite

CLAIM = "Dynamic graphs are harder to optimise and not suited to deployment"
RULE = (
    "Two questions, each for TensorFlow 2 and for PyTorch. Optimising: the median latency of the static graph is "
    "compared with that of eager calls of the same network, in process and on Flask with the fewest callers, at one "
    "row and at every batch size of the run. A clear gain speaks for the claim. Equal or slower speaks against it. "
    "Deploying: an eager endpoint on Flask that holds the run's objective with the fewest callers speaks against the "
    "claim, one that misses it speaks for it. TensorFlow 1 has no eager form: its frozen graph is shown and does not "
    "decide."
)
MEASURE = "`serveoff run 'inprocess-*' 'flask-*' --batches 32`"
EAGER: Final = {framework: eager for framework, _, eager in FORMS if framework != TF1}
QUANTILES: Final = {0.5: "p50", 0.9: "p90", 0.99: "p99", 0.999: "p999"}


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Judge the claim by the floors and by Flask."""
    found = contrasts(evidence, (*_pairs(evidence, "inprocess", 1), *_pairs(evidence, "flask", callers(evidence)[0])))
    exhibits = [e if e.group == TF1 else replace(heard(e, FASTER), group=f"optimising {e.group}") for e in found]
    deployed = [_deployed(group, find(evidence, "flask", eager), suite.settings) for group, eager in EAGER.items()]
    needed = [f"{question} {group}" for question in ("optimising", "deploying") for group in EAGER]
    return rule((*exhibits, *filter(None, deployed)), needed)


def _pairs(evidence: Evidence, server: str, users: int) -> Iterator[Pair]:
    for group, graph, eager in FORMS:
        mine, other = find(evidence, server, graph), find(evidence, server, eager)
        for rows in batches(evidence, users):
            yield Pair(group, mine, other, replace(closed(users), batch=rows))


def _deployed(framework: str, entry: Entry | None, settings: RunSettings) -> Exhibit | None:
    """Whether the eager endpoint holds the objective with the fewest callers; None where that was not measured."""
    name = QUANTILES.get(settings.objective_quantile)
    if entry is None or entry.alone is None or name is None or not entry.alone.samples:
        return None
    point, name = entry.alone, _telling(entry.alone, name, settings.objective_bound_s)
    figure = _percentile(point, name)
    speaks = _holds(point, figure, settings.objective_bound_s)
    words = f"objective: at most {settings.objective_bound_s * 1e3:g} ms"
    group = f"deploying {framework}"
    return Exhibit(group, words, entry.name, load=point.load, metric=name, figure=figure, unit="seconds", speaks=speaks)


def _telling(point: Point, name: str, bound_s: float) -> str:
    """The objective's percentile; where that is withheld, one below it that misses the bound already."""
    if _percentile(point, name).value is not None:
        return name
    names = [*QUANTILES.values()]
    missed = [n for n in names[: names.index(name)] if (_percentile(point, n).low or 0.0) > bound_s]
    return missed[-1] if missed else name


def _percentile(point: Point, name: str) -> Estimate:
    figure: Estimate = getattr(point, f"{name}_s")
    return figure


def _holds(point: Point, figure: Estimate, bound_s: float) -> Voice:
    if not point.valid or figure.low is None or figure.high is None or figure.low <= bound_s < figure.high:
        return "open"
    return "against" if figure.high <= bound_s else "for"
