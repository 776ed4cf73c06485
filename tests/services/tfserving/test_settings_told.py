"""The embedded model server tells in its log how it is set."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from serveoff.measure.audit.reported_settings import read_settings
from serveoff.services.registry import read_registry
from serveoff.services.tfserving.embedded.servable import SessionOptions, load
from tests.services.tfserving.model_server import running

(TFSERVING,) = (d for d in read_registry(environ={}) if d.name == "tfserving-savedmodel")
BATCHING = "max_batch_size { value: 8 } batch_timeout_micros { value: 3000 } num_batch_threads { value: 1 }"


def told(log):
    return read_settings(SimpleNamespace(deployment=TFSERVING, addresses={}, log=log))


@pytest.mark.parametrize("threads", [(1, 1), (3, 2), (0, 0)])
def test_a_session_tells_its_threads(caplog, tmp_path, half_plus_two, threads):
    intra, inter = threads
    with caplog.at_level("INFO"):
        load("m", 123, half_plus_two / "00000123", SessionOptions(intra_op_threads=intra, inter_op_threads=inter))
    (tmp_path / "log").write_text("\n".join(caplog.messages))
    assert told(tmp_path / "log") == {"intra_op_threads": intra, "threads_per_worker": inter}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "batching"),
    [((), {"batch_size": 1, "batch_delay_ms": 0}), (("--enable_batching",), {"batch_size": 8, "batch_delay_ms": 3})],
)
def test_a_running_server_has_told_before_it_listens(tmp_path, half_plus_two, flags, batching):
    (tmp_path / "batching").write_text(BATCHING)
    more = (f"--batching_parameters_file={tmp_path / 'batching'}",) if flags else ()
    threads = ("--tensorflow_intra_op_parallelism=2", "--tensorflow_inter_op_parallelism=3")
    with running(tmp_path, f"--model_base_path={half_plus_two}", *threads, *flags, *more) as server:
        assert told(server.log) == {"intra_op_threads": 2, "threads_per_worker": 3} | batching
