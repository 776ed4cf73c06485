"""What a run tells Compose beyond the files; no engine is needed for it."""

from types import SimpleNamespace

import pytest

from serveoff.measure.runtimes.docker import run_services
from serveoff.record.settings import RunSettings
from serveoff.services.registry import read_registry

ENGINE = SimpleNamespace(is_local=True)
REGISTRY = read_registry(environ={})


def settings(**changes):
    values = {"model": "digits_cnn", "profile": "quick", "runtime": "docker", "endpoints": [], "concurrencies": [1]}
    values |= {"slice_s": 1, "lead_in_s": 1, "warmup_s": 0, "seed": 1, "server_cpus": [0], "client_cpus": [1]}
    return RunSettings(**values | changes)


@pytest.mark.parametrize("base", ["tfserving-savedmodel", "torchserve-torchscript", "flask-tuned-torchscript"])
@pytest.mark.parametrize(
    ("variation", "changed"),
    [
        ("workers=4", {"SERVING_WORKERS": "4"}),
        ("batching=8", {"SERVING_BATCH_SIZE": "8", "SERVING_BATCH_DELAY_MS": "1"}),
        ("defaults", {"SERVING_OUT_OF_THE_BOX": "1"}),
    ],
)
def test_every_server_is_told_of_a_variation_by_its_environment(base, variation, changed):
    services = run_services(REGISTRY, settings(vary=[f"{variation}@{base}"]), ENGINE)
    (variant,) = (block for name, block in services.items() if name.startswith(f"{base}."))
    assert changed.items() <= variant["environment"].items()
    assert "command" not in variant


def test_the_lower_precisions_of_a_run_with_onnx_are_services_too():
    services = run_services(REGISTRY, settings(extra=["onnx"]), ENGINE)
    lower = {
        name: block["environment"]["SERVING_PRECISION"] for name, block in services.items() if ".precision" in name
    }
    assert lower == {
        "flask-tuned-onnx.precision-int8": "int8",
        "flask-tuned-torchscript.precision-bfloat16": "bfloat16",
        "flask-torch-eager.precision-bfloat16": "bfloat16",
    }


@pytest.mark.parametrize(
    ("changes", "threads"),
    [({}, "64"), ({"concurrencies": [1, 100]}, "200"), ({"open_shares": [0.5], "concurrencies": [1, 8]}, "264")],
)
def test_tensorflow_serving_takes_all_callers_of_a_run_at_once(changes, threads):
    assert settings(**changes).of_servers["REQUEST_THREADS"] == threads
