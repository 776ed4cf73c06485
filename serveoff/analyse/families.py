"""Which pairs of points belong together: their intervals hold for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from serveoff.analyse.entries import Entry, Key
from serveoff.record.roles import Role

KeyPair = tuple[Key, Key]


def alike(entries: Sequence[Entry], mine: Key, other: Key) -> list[KeyPair]:
    """All pairs of VALID points like this one, itself among them.

    An endpoint under two loads: every endpoint under both. A variant against its base: every variant. Else all
    endpoints of these roles under these loads.
    """
    known = {entry.name: entry for entry in entries}
    valid = {p.key for entry in entries for p in (*entry.points, *entry.others) if p.valid}
    first, second = known[mine[0]].result, known[other[0]].result
    if first is second:
        found = [((name, mine[1]), (name, other[1])) for name in known]
    elif first.base == second.endpoint:
        found = [((e.name, mine[1]), (e.result.base, other[1])) for e in entries if e.result.base]
    elif second.base == first.endpoint:
        found = [((e.result.base, mine[1]), (e.name, other[1])) for e in entries if e.result.base]
    else:
        found = _of_roles(entries, (known[mine[0]].role, mine), (known[other[0]].role, other))
    return [(a, b) for a, b in found if a in valid and b in valid]


def _of_roles(entries: Sequence[Entry], mine: tuple[Role, Key], other: tuple[Role, Key]) -> list[KeyPair]:
    (role, (_, load)), (other_role, (_, other_load)) = mine, other
    ours = [(entry.name, load) for entry in entries if entry.role == role]
    if (role, load) == (other_role, other_load):
        return list(combinations(ours, 2))
    theirs = [(entry.name, other_load) for entry in entries if entry.role == other_role]
    return [(a, b) for a in ours for b in theirs if a[0] != b[0]]
