"""What a run asks of Locust's master, and what it refuses before anything is started."""

import socket

import pytest

from serveoff.errors import UsageError
from serveoff.measure.drivers.workers import check_workers, master_options, told_samples
from serveoff.measure.plan.profiles import run_settings
from serveoff.measure.runtimes.loopback_ports import free_port


def asked(**given):
    return run_settings("quick", model="digits_cnn", **given)


def test_a_run_of_its_own_load_asks_for_no_master(model_dir):
    assert master_options(asked()) == ()
    assert told_samples(asked(), {}) == []
    check_workers(asked())


def test_the_options_are_locust_s_own():
    options = master_options(asked(expect_workers=4, master_bind_host="10.0.0.5", master_bind_port=7))
    assert options == (
        *("--master", "--expect-workers", "4", "--expect-workers-max-wait", "300"),
        *("--master-bind-host", "10.0.0.5", "--master-bind-port", "7"),
    )


def test_workers_are_told_the_golden_inputs_where_there_are_no_unseen_ones(golden):
    (told,) = told_samples(asked(expect_workers=1), {})
    assert (told.samples.inputs["image"] == golden.inputs["image"]).all()
    assert (told.spec.name, told.unseen) == ("digits_cnn", False)
    (told,) = told_samples(asked(expect_workers=1), {"digits_cnn": golden})
    assert (told.spec.name, told.unseen) == ("digits_cnn", True)


def test_without_workers_only_unseen_inputs_are_told(golden):
    (told,) = told_samples(asked(), {"m": golden})
    assert (told.model, told.spec, told.unseen) == ("m", None, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"server_host": "0.0.0.0"}, "--server-host is every address"),
        ({"server_host": "192.0.2.1"}, "192.0.2.1 is no address of this machine"),
        ({"expect_workers": 2, "master_bind_host": "192.0.2.1"}, "no address of this machine"),
        ({"expect_workers": 2, "runtime": "docker"}, "cannot reach a run's own containers"),
    ],
)
def test_what_cannot_be_is_refused(given, said):
    with pytest.raises(UsageError, match=said):
        check_workers(asked(**given))


def test_a_master_s_port_that_is_in_use_is_refused():
    with socket.create_server(("127.0.0.1", free_port())) as other, pytest.raises(UsageError, match="is in use"):
        check_workers(asked(expect_workers=2, master_bind_port=other.getsockname()[1]))
