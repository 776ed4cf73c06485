"""Containers of one run must have had the same cores and limits."""

from serveoff.analyse.judging.resource_parity import unequal
from serveoff.record.suite import load_suite
from tests.serveoff.synthetic import Faults, Scenario, write_run

ONLY = ("flask-torchscript-rest", "flask-torch-eager-rest", "flask-savedmodel-rest")


def suite(folder, only=ONLY, runtime="docker", **changes):
    scenario = Scenario(slice_s=0.02, concurrencies=(1,), only=only, runtime=runtime)
    faults = Faults(containers=changes) if runtime == "docker" else Faults(resources=changes)
    return load_suite(write_run(folder / "run", scenario, faults))


def test_equal_containers_are_without_a_word(tmp_path):
    assert unequal(suite(tmp_path)) == {}


def test_equal_processes_are_without_a_word(tmp_path):
    assert unequal(suite(tmp_path, runtime="local")) == {}


def test_the_odd_one_out_is_named_with_what_most_had(tmp_path):
    had = unequal(suite(tmp_path, **{"flask-savedmodel": {"cpus": [0, 1], "memory_limit_bytes": None}}))
    assert had == {
        "flask-savedmodel": [
            "cores 0, 1, where most had core 0",
            "no memory limit, where most had a memory limit of 4 GiB",
        ]
    }


def test_where_no_value_is_most_of_the_runs_every_deployment_is_named(tmp_path):
    had = unequal(suite(tmp_path, only=ONLY[:2], **{"flask-torchscript": {"cpu_limit": 1.5}}))
    assert had == {
        "flask-torchscript": ["a CPU limit of 1.5, where others had no CPU limit"],
        "flask-torch-eager": ["no CPU limit, where others had a CPU limit of 1.5"],
    }


def test_processes_with_another_memory_limit_are_named(tmp_path):
    had = unequal(suite(tmp_path, runtime="local", **{"flask-savedmodel": {"memory_limit_bytes": 2**30}}))
    assert had == {"flask-savedmodel": ["a memory limit of 1 GiB, where most had no memory limit"]}


def test_processes_with_another_cpu_limit_are_named(tmp_path):
    had = unequal(suite(tmp_path, runtime="local", **{"flask-savedmodel": {"cpu_limit": 0.5}}))
    assert had == {"flask-savedmodel": ["a CPU limit of 0.5, where most had no CPU limit"]}


def test_of_processes_that_were_given_cores_only_the_one_that_has_others_is_wrong(tmp_path):
    two = suite(tmp_path, only=ONLY[:2], runtime="local", **{"flask-torchscript": {"cpus": [1]}})
    assert (
        unequal(two) == {}
    )  # serveoff.measure.audit.resource_audit has found it, and its neighbour is as it was asked for
    two.settings.server_cpus = []
    assert set(unequal(two)) == {"flask-torchscript", "flask-torch-eager"}
