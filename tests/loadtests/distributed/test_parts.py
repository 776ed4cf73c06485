"""What the parts of a load come to: the load."""

import numpy as np
import pytest

from serveoff.loadtests.distributed.parts import Part, sharing
from serveoff.loadtests.generator.commands import Drive, SliceCommand, parse_command
from serveoff.loadtests.loads import parse_load


def drives(load, workers, seed=3):
    whole = Drive(parse_load(load), 0.5, 2.0, 5.0, seed)
    of = sharing(whole.load, workers)
    return whole, [Drive(whole.load, 0.5, 2.0, 5.0, seed, part=Part(n, of, 0.0, 0.0)) for n in range(of)]


@pytest.mark.parametrize(("load", "own"), [("8", [2, 2, 2, 2]), ("6", [2, 2, 1, 1]), ("3", [1, 1, 1]), ("1", [1])])
def test_callers_are_shared_out_and_who_has_none_takes_no_part(load, own):
    whole, parts = drives(load, 4)
    assert [part.own.concurrency for part in parts] == own
    assert {part.load for part in parts} == {whole.load}


@pytest.mark.parametrize("load", ["poisson@300", "constant@300"])
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_together_send_when_one_alone_would(load, workers):
    whole, parts = drives(load, workers)
    assert len(parts) == workers
    counts = [len(part.due()) for part in parts]
    assert max(counts) - min(counts) <= 1
    assert np.array_equal(np.sort(np.concatenate([part.due() for part in parts])), whole.due())
    assert sum(part.own.concurrency for part in parts) == whole.load.concurrency


def test_workers_begin_with_other_inputs():
    _, parts = drives("4", 4)
    assert len({part.first for part in parts}) == 4


def test_a_part_goes_over_the_wire_as_it_is():
    _, parts = drives("poisson@300", 2)
    line = SliceCommand.of("e", parts[1]).model_dump_json().encode()
    assert parse_command(line).drive == parts[1]
