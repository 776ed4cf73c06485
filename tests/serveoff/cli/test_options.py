from dataclasses import fields
from typing import get_args, get_type_hints

import pytest
from typer.testing import CliRunner

from serveoff.cli import app as cli
from serveoff.cli import options
from serveoff.cli.attached_options import BESIDE_URLS
from serveoff.cli.run_options import RunOptions
from serveoff.errors import ExitCode, UsageError
from serveoff.measure.plan.profiles import PROFILES, run_settings
from serveoff.record.settings import RunSettings


def test_a_run_that_is_too_short_for_all_that_the_default_measures_measures_what_quick_does():
    assert run_settings("default", minutes=3.0) == PROFILES["quick"]
    assert run_settings("default", minutes=3.0, payloads=True).payloads
    assert run_settings("default", minutes=5.0).profile == "default"
    assert run_settings("full", minutes=3.0).profile == "full"
    assert run_settings("default", rounds=2).profile == "default"


def test_nothing_given_is_the_profile_itself():
    assert run_settings("default", warmup_s=None) == PROFILES["default"]


def test_what_is_given_changes_the_profile():
    profile = run_settings("quick", warmup_s=2.0, minutes=7.0, concurrencies=[3])
    assert (profile.warmup_s, profile.minutes) == (2.0, 7.0)
    assert (profile.concurrencies, profile.slice_s) == ([3], PROFILES["quick"].slice_s)


def test_who_names_a_number_of_rounds_wants_that_many_and_no_race():
    profile = run_settings("default", rounds=7)
    assert (profile.rounds, profile.minutes, profile.race, profile.starts) == (7, None, False, 1)
    assert run_settings("default", rounds=7, starts=3).starts == 3


def test_who_names_a_number_of_starts_wants_no_more():
    profile = run_settings("default", starts=4)
    assert (profile.starts, profile.race_starts) == (4, 4)


def test_lists_are_sorted_and_zero_is_none():
    assert options.numbers("16,1,4,4", 1024) == [1, 4, 16]
    assert options.numbers("0", 1024) == []
    assert options.numbers(None, 1024) is None
    assert options.shares("80,50") == [0.5, 0.8]


@pytest.mark.parametrize(
    ("text", "why"), [("a", "not a list"), ("1,,2", "not a list"), ("0,1", "range"), ("99", "range")]
)
def test_other_lists_are_refused(text, why):
    with pytest.raises(UsageError, match=why):
        options.numbers(text, 64)


def test_further_formats_bring_batches_with_them():
    asked = options.settings_of(RunOptions(extra="torch_export, onnx"))
    assert (asked.extra, asked.batches) == (["onnx", "torch_export"], [8, 32])
    assert options.settings_of(RunOptions(extra="onnx", batches="0")).batches == []
    assert options.settings_of(RunOptions(profile="full", extra="none")).extra == []
    assert options.settings_of(RunOptions(profile="full")).extra == ["onnx", "torch_export"]
    with pytest.raises(UsageError, match="'tflite' is no further format"):
        options.settings_of(RunOptions(extra="tflite"))


def test_an_objective_is_a_percentile_and_a_bound():
    assert options.objective("p99:10ms") == {"objective_quantile": 0.99, "objective_bound_s": 0.01}
    assert options.objective("p99.9:0.5s") == {"objective_quantile": 0.999, "objective_bound_s": 0.5}
    assert options.objective("none")["probes"] == 0
    assert options.objective(None) == {}


def test_an_objective_is_searched_for_by_the_profiles_probes_or_by_some():
    assert run_settings("default", **options.objective("p99:20ms")).probes == PROFILES["default"].probes == 5
    assert run_settings("quick", **options.objective("p99:20ms")).probes == 5
    assert run_settings("default", **options.objective("none")).probes == 0


@pytest.mark.parametrize(
    "text",
    ["", "p99", "99:10ms", "p99:10", "p0:10ms", "p0.9:10ms", "p99:0ms", "p99:20s", "p99.9999999:10ms", "p100:1ms"],
)
def test_other_objectives_are_refused(text):
    with pytest.raises(UsageError, match=r"not an objective|out of range"):
        options.objective(text)


def test_no_callers_at_all_is_refused():
    with pytest.raises(UsageError, match="at least one user"):
        run_settings("quick", concurrencies=[])


CHANGED = {
    "endpoints": ["flask-*"], "model": "a,b", "profile": "full", "duration": 0.7, "warmup": 0.3, "concurrency": "2,9",
    "minutes": 8.0, "rounds": 9, "starts": 11, "threads": 3, "workers": 5, "batch_size": 6, "batch_delay": 7,
    "vary": ["workers=2,2,4"], "extra": "onnx", "open_loop": "10", "objective": "p90:7ms", "batches": "5",
    "payloads": True, "runtime": "docker", "gpu": True, "together": True, "load_from": "container", "seed": 12,
    "expect_workers": 4, "master_bind_host": "10.0.0.1", "master_bind_port": 6557, "server_host": "10.0.0.2",
}  # fmt: skip
"""Every option of `serveoff run`, otherwise than by default, but for the cores and for what is no setting."""

OF_ATTACHED = {"url", "urls", *BESIDE_URLS}
"""tests/serveoff/cli/test_attached_options.py"""


def test_every_option_of_run_is_in_what_the_run_keeps():
    others = {"server_cpus", "client_cpus", "resume", *OF_ATTACHED}
    assert {field.name for field in fields(RunOptions)} == {*CHANGED, *others}
    plain = options.settings_of(RunOptions(profile="quick"))
    for name, value in CHANGED.items():
        assert options.settings_of(RunOptions(**{"profile": "quick", name: value})) != plain, name


def test_what_a_run_keeps_is_what_was_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVEOFF_RESULTS", str(tmp_path))
    asked = options.settings_of(RunOptions(**CHANGED | {"model": "digits_cnn"}))
    kept = RunSettings.model_validate_json(asked.model_dump_json())
    assert kept == asked
    assert (kept.slice_s, kept.warmup_s, kept.rounds, kept.minutes) == (0.7, 0.3, 9, None)
    assert (kept.concurrencies, kept.open_shares, kept.batches, kept.vary) == ([2, 9], [0.1], [5], ["workers=2,4"])
    assert (kept.device, kept.load_from) == ("cuda", "container")
    assert kept.starts == 1, "not with all awake at once"


def test_containers_are_driven_from_a_container_unless_it_is_said_otherwise():
    assert options.settings_of(RunOptions()).load_from == "host"
    assert options.settings_of(RunOptions(runtime="docker")).load_from == "container"
    with pytest.raises(UsageError, match="load cannot come from 'nowhere'"):
        options.settings_of(RunOptions(load_from="nowhere"))


OUT_OF_RANGE = {
    "--seed": ("-1", "4294967296", "9007199254740992"), "--threads": ("0", "9007199254740992"),
    "--workers": ("0", "9007199254740992"), "--duration": ("nan", "0", "601"), "--minutes": ("nan", "inf"),
    "--warmup": ("nan", "-1"), "--max-rate": ("nan", "0", "1e300"), "--rounds": ("0", "10001"),
    "--starts": ("0", "101"), "--batch-size": ("0", "1025"), "--batch-delay": ("-1", "1001"),
    "--expect-workers": ("-1", "1001"), "--master-bind-port": ("0", "65536"),
}  # fmt: skip


@pytest.mark.parametrize(("option", "value"), [(name, value) for name in OUT_OF_RANGE for value in OUT_OF_RANGE[name]])
def test_a_number_that_no_run_can_be_made_with_is_refused_before_anything_is_done(option, value):
    done = CliRunner().invoke(cli.app, ["run", option, value])
    assert done.exit_code == ExitCode.USAGE, done.output


def test_every_number_of_a_run_has_bounds():
    options_of = {name: get_args(hint) for name, hint in get_type_hints(RunOptions, include_extras=True).items()}
    numbers = {name: option for name, (kind, option) in options_of.items() if {int, float} & {kind, *get_args(kind)}}
    assert {f"--{name.replace('_', '-')}" for name in numbers} == set(OUT_OF_RANGE)
    assert all(None not in (option.min, option.max) for option in numbers.values())


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_is_none_is_refused(port):
    assert CliRunner().invoke(cli.app, ["serve", "flask-tuned-null", "--rest-port", port]).exit_code == ExitCode.USAGE


def test_what_cannot_be_parsed_is_said_before_anything_is_done():
    with pytest.raises(UsageError, match="not a variation"):
        options.settings_of(RunOptions(vary=["colour=2"]))
    with pytest.raises(UsageError, match="not a list of cores"):
        options.settings_of(RunOptions(server_cpus="x"))
    with pytest.raises(UsageError, match="no profile is called 'slow'"):
        options.settings_of(RunOptions(profile="slow"))
    with pytest.raises(UsageError, match="no runtime is called"):
        options.settings_of(RunOptions(runtime="nowhere"))
