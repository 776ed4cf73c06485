from __future__ import annotations

import pytest

from serveoff.services.tfserving.embedded.flags import UsageError, parse

BASE = "--model_base_path=/m"


def test_defaults_are_tensorflow_servings():
    flags = parse([BASE])
    assert (flags.port, flags.rest_api_port, flags.model_name) == (8500, 0, "default")
    assert (flags.file_system_poll_wait_seconds, flags.max_num_load_retries) == (1, 5)
    assert (flags.rest_api_timeout_in_ms, flags.enable_batching) == (30000, False)


def test_our_own_defaults_keep_to_this_machine():
    assert parse([BASE]).host == "127.0.0.1"


def test_both_ways_of_writing():
    assert parse(["--port=1", "--model_name", "m", BASE]).model_name == "m"
    assert parse(["--model_base_path", "/m", "--port", "7"]).port == 7


@pytest.mark.parametrize(
    ("text", "value"),
    [("--enable_batching", True), ("--enable_batching=true", True), ("--enable_batching=0", False)],
)
def test_truths(text, value):
    assert parse([BASE, text]).enable_batching is value


def test_a_truth_does_not_swallow_the_next_flag():
    flags = parse(["--enable_batching", BASE])
    assert (flags.enable_batching, flags.model_base_path) == (True, "/m")


def test_flags_without_effect_are_named():
    assert parse([BASE, "--num_load_threads=2", "--flush_filesystem_caches=true"]).ignored() == ["num_load_threads"]


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        ([BASE, "--nope=1"], "unknown argument: --nope=1"),
        ([BASE, "--rest_api_por=1"], "unknown argument: --rest_api_por=1"),
        ([BASE, "loose"], "unknown argument: loose"),
        ([BASE, "--port=x"], "invalid int value: 'x'"),
        ([BASE, "--enable_batching=maybe"], "'maybe' is not true or false"),
        ([], "model_base_path and server_options.model_config_file are empty"),
        ([BASE, "--port=1", "--rest_api_port=1"], "--rest_api_port cannot be same as --port"),
        ([BASE, "--port=0"], "nothing to serve on"),
        ([BASE, "--batching_parameters_file=f"], "without setting server_options.enable_batching"),
    ],
)
def test_refused(argv, text):
    with pytest.raises(UsageError) as caught:
        parse(argv)
    assert text in str(caught.value)


def test_usage_names_every_flag():
    with pytest.raises(UsageError) as caught:
        parse(["--nope"])
    for name in ("port", "rest_api_port", "model_config_file", "batching_parameters_file", "host"):
        assert f"--{name}=" in str(caught.value)
