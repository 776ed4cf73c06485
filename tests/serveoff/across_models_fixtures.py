"""The summary of three models, made once: of sound runs, and of runs where things went wrong."""

import pytest

from serveoff.analyse.across_models.study import study
from serveoff.analyse.across_models.summary import Absent
from serveoff.analyse.analysis import analyse
from tests.serveoff.model_runs import COSTS_S, SCENARIO, write_models
from tests.serveoff.report.conftest import HOSTILE
from tests.serveoff.synthetic import Faults

FAULTY = {
    "middle_cnn": Faults(
        gate_failed=["flask-torchscript-rest"],
        unavailable=["torchserve-torchscript-rest", "torchserve-torchscript-grpc"],
        renamed={"flask-keras-eager-rest": HOSTILE},
    ),
    "large_net": Faults(killed=["flask-savedmodel-rest"], partial_after_round=20),
}


def summarise(analyses, absent=(), problems=None):
    about = {model: f"what {model} is good for" for model in COSTS_S}
    return study("summary-20260102-030405-ab12", analyses, about, problems or {}, absent)


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Sound runs."""
    return write_models(tmp_path_factory.mktemp("models") / "results")


@pytest.fixture(scope="session")
def analyses(folders):
    """Theirs, in the same order."""
    return [analyse(folder) for folder in folders]


@pytest.fixture(scope="session")
def sound(analyses):
    return summarise(analyses)


@pytest.fixture(scope="session")
def faulty(tmp_path_factory):
    folders = write_models(tmp_path_factory.mktemp("faulty") / "results", SCENARIO, FAULTY)
    gone = [Absent(model="broken_net", reason=f"export failed: {HOSTILE}")]
    return summarise([analyse(folder) for folder in folders], gone, {"large_net": "the server did not start"})
