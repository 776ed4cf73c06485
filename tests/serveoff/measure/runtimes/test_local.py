from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.runtimes import local
from serveoff.measure.runtimes.cpus import CpuPlan
from serveoff.record.settings import RunSettings
from serveoff.services.registry import read_registry

REGISTRY = read_registry(environ={})


def open_runtime(tmp_path, **settings):
    return local.LocalRuntime(CpuPlan((), ()), tmp_path, settings)


def test_a_stand_in_has_a_name_of_its_own_and_a_note(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "server_id", lambda: "tfserving-embedded")
    deployment, note = open_runtime(tmp_path).resolve(find_deployment(REGISTRY, "tfserving-frozen-graph"))
    assert (deployment.name, deployment.server) == ("tfserving-embedded-frozen-graph", "tfserving-embedded")
    assert "not ranked" in note


def test_the_real_model_server_keeps_its_name_and_needs_no_note(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "server_id", lambda: "tfserving")
    deployment, note = open_runtime(tmp_path).resolve(find_deployment(REGISTRY, "tfserving-savedmodel"))
    assert (deployment.name, deployment.server, note) == ("tfserving-savedmodel", "tfserving", "")


def test_settings_are_the_same_for_every_deployment(tmp_path):
    runtime = open_runtime(tmp_path, SERVING_WORKERS="3")
    resolved = [runtime.resolve(deployment)[0] for deployment in REGISTRY]
    assert {deployment.environment["SERVING_WORKERS"] for deployment in resolved} == {"3"}
    torchserve = next(d for d in resolved if d.server == "torchserve")
    assert torchserve.ready_count == 3


def test_energy_is_metered_where_a_gpu_may_be_used_only(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "open_meter", lambda: "a meter")
    values = {"model": "digits_cnn", "profile": "quick", "runtime": "local", "endpoints": [], "concurrencies": [1]}
    values |= {
        "minutes": 1,
        "slice_s": 1,
        "lead_in_s": 1,
        "warmup_s": 1,
        "seed": 1,
        "server_cpus": [0],
        "client_cpus": [0],
    }
    meters = {
        device: local.open_runtime(RunSettings(**values, device=device), tmp_path).meter for device in ("cpu", "cuda")
    }
    assert meters == {"cpu": None, "cuda": "a meter"}
