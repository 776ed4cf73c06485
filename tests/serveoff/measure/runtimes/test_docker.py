"""What a run tells Compose beyond the files; no engine is needed for it."""

from dataclasses import replace

import pytest

from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.plan.variants import parse_variation, vary
from serveoff.measure.runtimes.docker import BATCHING, command_for
from serveoff.services.registry import read_registry

REGISTRY = read_registry(environ={})
TFSERVING = find_deployment(REGISTRY, "tfserving-savedmodel")
VALUES = {"WORKERS": "1", "THREADS_PER_WORKER": "1", "INTRA_OP_THREADS": "1", "BATCH_SIZE": "1"}
FLAG = "--tensorflow_inter_op_parallelism="


def inter_op(deployment, **changes):
    (flag,) = (f for f in command_for(deployment, VALUES | changes)["command"] if f.startswith(FLAG))
    return flag.removeprefix(FLAG)


@pytest.mark.parametrize(
    ("changes", "threads"), [({}, "1"), ({"WORKERS": "2"}, "2"), ({"WORKERS": "2", "THREADS_PER_WORKER": "3"}, "6")]
)
def test_tensorflow_serving_has_the_threads_of_all_workers(changes, threads):
    assert inter_op(TFSERVING, **changes) == threads


def test_so_has_a_variant_of_it():
    (variant,) = vary([TFSERVING], [parse_variation("workers=4")])
    assert inter_op(variant, **variant.changes) == "4"
    stand_in = replace(TFSERVING, server="tfserving-embedded")
    assert inter_op(stand_in, WORKERS="2") == "2"


def test_its_other_flags_stay_as_the_files_have_them():
    one, two = (command_for(TFSERVING, VALUES | {"WORKERS": count})["command"] for count in ("1", "2"))
    assert [flag for flag in one if flag not in two] == [f"{FLAG}1"]
    assert "--tensorflow_intra_op_parallelism=1" in one


def test_it_batches_where_that_is_asked_for():
    (variant,) = vary([TFSERVING], [parse_variation("batching=16")])
    for deployment, values in ((TFSERVING, VALUES | {"BATCH_SIZE": "16"}), (variant, VALUES | variant.changes)):
        assert command_for(deployment, values)["command"][-len(BATCHING) :] == list(BATCHING)
    assert not set(BATCHING) & set(command_for(TFSERVING, VALUES)["command"])


@pytest.mark.parametrize("name", ["flask-torchscript", "torchserve-torchscript", "inprocess-torchscript"])
def test_other_servers_keep_their_commands(name):
    assert command_for(find_deployment(REGISTRY, name), VALUES) == {}
