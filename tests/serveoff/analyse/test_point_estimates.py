"""Raw rows become points, whoever wrote them: one load generator, or several workers."""

import pyarrow.parquet as pq
import pytest

from serveoff.analyse.analysis import compare
from serveoff.loadtests.recording.rows import part_path, parts
from serveoff.record.suite import load_suite, save_suite
from tests.serveoff.synthetic import Scenario, write_run

ENDPOINT = "flask-torchscript-rest"
SMALL = Scenario(only=(ENDPOINT,))


def split_among_workers(folder, workers):
    """Rewrite the run as if so many workers had taken turns."""
    for path in (folder / "rows").glob("*.parquet"):
        table = pq.read_table(path)
        for worker in range(workers):
            mine = [row for row in range(len(table)) if row % workers == worker]
            pq.write_table(table.take(mine), part_path(path, worker))
        path.unlink()


def with_settings(folder, **changes):
    suite = load_suite(folder)
    suite.settings = suite.settings.model_copy(update=changes)
    save_suite(folder, suite)


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", SMALL)


def test_rows_of_several_workers_make_the_same_points_as_those_of_one(run):
    alone = compare(run).entries[0].points
    split_among_workers(run, 3)
    together = compare(run).entries[0].points
    assert [p.verdict for p in together] == [p.verdict for p in alone]
    for mine, its in zip(together, alone, strict=True):
        assert mine.samples == its.samples
        assert (mine.p50_s, mine.p99_s) == (its.p50_s, its.p99_s)
        assert mine.throughput.value == pytest.approx(its.throughput.value)


def test_a_lost_part_makes_the_point_invalid(run):
    split_among_workers(run, 2)
    parts(next((run / "rows").glob("*r1*")).with_name(f"{ENDPOINT}--r1.parquet"))[1].unlink()
    for point in compare(run).entries[0].points:
        assert [f.code for f in point.verdict.reasons] == ["row count"]


@pytest.mark.parametrize(
    ("workers", "cores", "valid"),
    [
        (0, [1], {1: False, 4: False, 16: False}),
        (2, [1, 2], {1: False, 4: True, 16: True}),
        (2, [1], dict.fromkeys((1, 4, 16), False)),
    ],
    ids=["one process", "two workers on two cores", "two workers on one core"],
)
def test_the_load_generator_is_saturated_where_its_own_cpus_are(run, workers, cores, valid):
    """One user keeps one worker busy, and two workers on one core have one CPU."""
    suite = load_suite(run)
    for window in suite.endpoints[0].windows:
        window.client_cpu_s = 0.97 * window.duration_s
    save_suite(run, suite)
    with_settings(run, load_workers=workers, client_cpus=cores)
    assert {p.concurrency: p.valid for p in compare(run).entries[0].points} == valid
