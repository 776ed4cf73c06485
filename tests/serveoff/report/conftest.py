"""Runs rendered in every form: a clean one, one where things went wrong, an interrupted one, and one in containers."""

from dataclasses import replace

import pytest

from serveoff.analyse.analysis import analyse
from serveoff.analyse.analysis_file import ANALYSIS_NAME, save
from serveoff.report import write_all
from tests.serveoff.cold_start_runs import add_starts
from tests.serveoff.open_loop_runs import add_open_loop
from tests.serveoff.problems import cores, setting
from tests.serveoff.signal_runs import add_signals
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.variant_runs import add_payload, add_variant

SCENARIO = Scenario(slice_s=0.16)
HOSTILE = '<script>alert("x")</script>|`*_[a](http://example.org)'
RUNS = {
    "clean": Faults(),
    "faulty": Faults(
        killed=["flask-savedmodel-rest"],
        wrong_under_load=["tfserving-embedded-frozen-graph-grpc"],
        gate_failed=["flask-torchscript-rest"],
        unavailable=["torchserve-torchscript-rest", "torchserve-torchscript-grpc"],
        saturated=["flask-tuned-null-rest"],
        renamed={"flask-keras-eager-rest": HOSTILE},
        resources={
            "flask-torch-eager": {
                "intra_op_threads": 2,
                "problems": [setting("it has 2 intra-op threads; requested: 1")],
            },
            "tfserving-embedded-savedmodel": {"threads_per_worker": None, "intra_op_threads": None, "batch_size": None},
        },
        note=HOSTILE,
    ),
    "partial": Faults(partial_after_round=5, never_reached=["flask-torch-eager-rest", "flask-tuned-null-rest"]),
    "containers": Faults(
        containers={
            "flask-savedmodel": {"cpus": [0, 1], "problems": [cores("it may run on cores 0,1, 0 were asked for")]},
            "flask-keras-eager": {"user_id": 0, "capabilities": 0xA80425FB, "read_only_root": False},
        },
        throttled={"flask-torchscript-rest": 0.32},
        devices={"flask-frozen-graph": "cpu", "torchserve-torchscript": None},
    ),
}
SCENARIOS = {"containers": replace(SCENARIO, runtime="docker", device="cuda", cpu_limit=0.5, together=True)}


class Rendered:
    """One comparison, its files, and the analysis that was stored of it."""

    def __init__(self, comparison, paths, stored=None):
        self.comparison = comparison
        self.paths = paths
        self.stored = stored

    def __getitem__(self, form):
        return self.paths[form].read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered")
    made = {}
    for name, faults in RUNS.items():
        run = write_run(folder / name, SCENARIOS.get(name, SCENARIO), faults)
        if name == "clean":
            add_signals(run, silent=["flask-torch-eager-rest"])
            add_open_loop(run, "flask-torchscript-rest", (300.0, 600.0, 800.0, 1100.0))
            add_open_loop(run, "flask-savedmodel-rest", (300.0, 700.0), search=False)
            add_payload(run, "flask-torchscript-rest", "raw_tensor", speedup=1.5)
            add_payload(run, "flask-torchscript-rest", "json_base64", speedup=1.2)
            add_payload(run, "tfserving-embedded-savedmodel-grpc", "grpc_tfserving_bytes", speedup=0.9)
            add_payload(run, "torchserve-torchscript-grpc", "grpc_torchserve_json", speedup=0.7)
            add_payload(run, "flask-savedmodel-rest", "", speedup=0.2, batch=32)
            add_variant(run, "flask-torchscript-rest", "workers=2", speedup=1.3)
            add_starts(run, 3, without=1)
        if name == "containers":
            add_starts(run, 7, without=3)
        analysis = analyse(run)
        stored = folder / name / ANALYSIS_NAME
        save(analysis, stored)
        written = write_all(analysis.comparison, folder / name / "report")
        made[name] = Rendered(analysis.comparison, written, stored)
    return made
