"""`serveoff run --fail-if-slower`: how the command ends, and what it leaves for a pull request."""

import numpy as np
import pytest

from serveoff.analyse.analysis import analyse
from tests.e2e.test_attach import serving

pytestmark = pytest.mark.slow

BRIEFLY = ("--rounds", "12", "-c", "1", "--warmup", "0.1", "--duration", "0.2")


@pytest.fixture
def samples(tmp_path):
    path = tmp_path / "inputs.npz"
    np.savez(path, features=np.random.default_rng(1).normal(size=(20, 2)).round(3))
    return str(path)


@pytest.fixture
def compared(cli, samples):
    """`prod` and a canary with these options: how the command ended, and its verdict."""

    def run(limit, *odd, usual=(), more=BRIEFLY):
        with serving(*usual) as prod, serving(*odd) as canary:
            urls = [
                f"--url={n}=http://127.0.0.1:{port}/v1/models/m" for n, port in (("prod", prod), ("canary", canary))
            ]
            done = cli.run("run", *urls, "--samples", samples, "--fail-if-slower", limit, *more)
        (verdict,) = (cli.folder / "reports").glob("*/verdict.md")
        assert f"Verdict: {verdict}" in done.stdout
        return done, verdict.read_text()

    return run


def test_a_canary_of_ten_times_the_work_fails(compared):
    done, verdict = compared("50%", "--work-s", "0.02")
    assert done.returncode == 99, done.stdout + done.stderr
    assert verdict.startswith("# Failed: canary is slower than prod by more than 50%\n")
    assert "Every answer agrees with the answers of prod" in verdict
    assert "canary is " in done.stdout.splitlines()[0]


def test_a_canary_that_answers_otherwise_fails_however_fast_it_is(compared):
    done, verdict = compared("50%", "--off", "0.01")
    assert done.returncode == 99, done.stdout + done.stderr
    assert verdict.startswith("# Failed: canary has no VALID figure\n")
    assert "20 of 20 samples are answered otherwise" in verdict


def test_one_like_the_other_passes_where_a_tenfold_slowdown_is_allowed(compared):
    done, verdict = compared("900%")
    passed = verdict.startswith(("# Passed: ", "# Undecided: "))
    assert done.returncode == (0 if passed else 99), done.stdout + done.stderr
    assert passed or "INVALID" in verdict, "only a noisy machine keeps it from passing"


@pytest.mark.long
def test_a_canary_that_is_slower_by_3_percent_is_called_slower_within_five_minutes(cli, compared):
    five = ("--minutes", "5", "-c", "1,4")
    compared("50%", "--work-s", "0.00412", usual=("--work-s", "0.004"), more=five)
    found = analyse(cli.run_folder).comparison
    pair = next(iter(found.attached.others)).latency
    assert pair.outcome == "slower"
