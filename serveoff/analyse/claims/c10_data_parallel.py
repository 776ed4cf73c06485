"""C10: more workers, and what one more replica takes in docker-compose.yml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from serveoff.analyse.claims.pairs import FRAMEWORK, PYTORCH, TF1, Pair, callers, contrasts
from serveoff.analyse.claims.ruling import FASTER, Exhibit, Ruling, Voice, heard, rule
from serveoff.analyse.entries import Entry
from serveoff.analyse.evidence import THROUGHPUT, Evidence
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.loadtests.loads import closed
from serveoff.record.settings import RunSettings
from serveoff.record.suite import Suite

CLAIM = "Data parallelism is easier in PyTorch than in TF1"
RULE = (
    "two things decide. Scaling: throughput with the most callers of each PyTorch deployment with more workers over "
    "the same deployment without; clearly more speaks for the claim, a tie or less against it. Effort: the lines that "
    "one more replica takes in the registry of deployments; fewer for PyTorch than for TensorFlow 1 behind the same "
    "kind of server speaks for the claim, as many or more against it. With fewer server cores than workers replicas "
    "cannot scale whatever serves them: then scaling does not decide, and the claim is inconclusive. TensorFlow 2 is "
    "shown and does not decide."
)
MEASURE = "serveoff run --vary workers=2,4, on more cores than workers"
SETTING = "workers"


def study(evidence: Evidence, suite: Suite) -> Ruling:
    """Judge the claim by the variants of workers, and by what was counted in docker-compose.yml."""
    cores = len(suite.settings.server_cpus) or suite.environment.machine.cores
    workers = {e.name: _workers(e) for e in evidence.entries if _workers(e)}
    scaling = contrasts(evidence, _pairs(evidence, workers))
    decided = [heard(e, FASTER) if e.group == PYTORCH and workers[e.mine] <= cores else e for e in scaling]
    exhibits = (*decided, *_effort(evidence))
    if not scaling:
        shown = tuple(replace(e, speaks="") for e in exhibits)
        return Ruling("not measured", "No deployment was measured with more workers.", shown, lacking=True)
    if not any(e.speaks for e in decided):
        return Ruling("inconclusive", _why(scaling, suite.settings, cores), exhibits, lacking=True)
    if not any(e.group == TF1 for e in exhibits):
        return Ruling("inconclusive", "No TensorFlow 1 deployment is in this run.", exhibits, lacking=True)
    return rule(exhibits)


def _workers(entry: Entry) -> int:
    """Workers of a variant; 0 for anything else."""
    setting, _, value = entry.result.variant.partition("=")
    return int(value) if setting == SETTING and value.isdecimal() else 0


def _pairs(evidence: Evidence, workers: dict[str, int]) -> Iterator[Pair]:
    most = closed(callers(evidence)[1])
    entries = {entry.name: entry for entry in evidence.entries}
    for name in workers:
        variant = entries[name]
        group = FRAMEWORK.get(variant.result.format, "")
        yield Pair(group, variant, entries.get(variant.result.base), most, THROUGHPUT)


def _why(scaling: Sequence[Exhibit], settings: RunSettings, cores: int) -> str:
    if not any(e.group == PYTORCH for e in scaling):
        return "No PyTorch deployment was measured with more workers."
    had = f"{cores} server core" + ("s" if cores > 1 else "")
    return f"Servers had {had}, fewer than the workers that were tried: there replicas cannot scale, whatever serves."


def _effort(evidence: Evidence) -> Iterator[Exhibit]:
    """One exhibit for each deployment of PyTorch and TensorFlow 1, with what it takes to replicate it."""
    counted: dict[str, Entry] = {}
    for entry in evidence.entries:
        if entry.result.replication and FRAMEWORK.get(entry.result.format) in (PYTORCH, TF1):
            counted.setdefault(entry.result.deployment, entry)
    for entry in counted.values():
        found = entry.result.replication
        assert found is not None
        words = "one more replica: a setting" if found.by_setting else "one more replica: one more service"
        group = FRAMEWORK[entry.result.format]
        yield Exhibit(
            group,
            words,
            mine=entry.name,
            metric="lines of the registry",
            figure=Estimate(float(found.lines), None, None, 1),
            unit="lines",
            speaks=_voice(entry, list(counted.values())) if group == PYTORCH else "",
        )


def _voice(mine: Entry, counted: Sequence[Entry]) -> Voice:
    """Against TensorFlow 1 behind the same kind of server: Flask, or the framework's own."""
    flask = mine.result.server == "flask"
    rivals = [e for e in counted if e.result.format == "frozen_graph" and (e.result.server == "flask") == flask]
    lines = [e.result.replication.lines for e in (mine, *rivals) if e.result.replication]
    if not rivals:
        return ""
    return "for" if lines[0] < min(lines[1:]) else "against"
