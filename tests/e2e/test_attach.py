"""Endpoints that already run, started by hand: whoever serves them, and in whatever state they are."""

import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from serveoff.analyse.analysis import analyse
from tests.command_line import MEASURED
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

SERVER = Path(__file__).with_name("foreign_server.py")
BRIEFLY = ("--rounds", "3", "-c", "1,2", "--warmup", "0.1")


def said_by(done):
    """What a run told on its way, whatever lines a terminal breaks it into."""
    return " ".join(done.stderr.split())


@contextmanager
def serving(*options):
    """A server with a life of its own; its port."""
    command = [sys.executable, str(SERVER), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@pytest.fixture
def samples(tmp_path):
    path = tmp_path / "inputs.npz"
    np.savez(path, features=np.random.default_rng(1).normal(size=(20, 2)).round(3))
    return str(path)


@pytest.fixture
def two(cli, samples):
    """Two servers side by side under `serveoff run`: what came of it, and their results by name."""

    def run(*odd, more=BRIEFLY, usual=()):
        with serving(*usual) as a, serving(*odd) as b:
            urls = [f"--url={name}=http://127.0.0.1:{port}/v1/models/m" for name, port in (("a", a), ("b", b))]
            done = cli.run("run", *urls, "--samples", samples, *more)
        assert "Traceback" not in done.stderr
        return done, {result.endpoint: result for result in cli.suite.endpoints}

    return run


def test_two_that_answer_alike_are_compared(cli, two):
    done, found = two("--work-s", "0.004")
    assert done.returncode in MEASURED, done.stderr
    assert found["a"].reference
    assert [found[name].gate.equal for name in "ab"] == [1.0, 1.0]
    assert {window.round for window in found["b"].windows} == {1, 2, 3}
    assert sum(window.requests for window in found["b"].windows) > 0
    assert found["b"].cold_starts == []
    assert found["b"].windows[0].server_cpu_s is None
    points = {entry.name: entry.alone for entry in analyse(cli.run_folder).comparison.entries}
    assert points["a"].p50_s.value < points["b"].p50_s.value


def test_one_that_answers_otherwise_is_shown_and_not_ranked(two):
    done, found = two("--off", "0.01")
    assert found["b"].gate.equal == 0.0
    assert found["b"].windows == []
    assert "b will not be timed: 20 of 20 samples are answered otherwise" in said_by(done)


def test_one_that_lies_now_and_then_is_not_ranked(cli, two):
    """None of the samples is answered wrongly at first."""
    _, found = two("--lies-every", "200", more=("--rounds", "16", "-c", "1", "--warmup", "0.1"))
    assert found["b"].gate.passed
    assert sum(window.wrong_answers for window in found["b"].windows) > 0
    entries = {entry.name: entry for entry in analyse(cli.run_folder).comparison.entries}
    assert not entries["b"].alone.valid
    assert entries["b"].rank is None


def test_one_that_ends_amid_the_run_is_left_alone_and_the_run_ends(two):
    _, found = two("--ends-after", "150", more=("--minutes", "5", "-c", "1", "--warmup", "0.1"))
    assert "no good answer" in found["b"].stopped.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--moved",), "elsewhere.example"),
        (("--fails-every", "1"), "429"),
        (("--token", "s3cret"), "401"),
    ],
)
def test_what_it_says_instead_of_an_answer_reaches_the_user(two, options, said):
    done, found = two(*options)
    assert said in found["b"].gate.problem.text
    assert said in said_by(done)
    assert done.returncode == 7


def test_a_wrong_path_and_a_wrong_port_are_told(cli, samples):
    with serving() as port:
        urls = [f"--url=a=http://127.0.0.1:{port}/v1/models/other", "--url=b=http://127.0.0.1:1/v1/models/m"]
        done = cli.run("run", *urls, "--samples", samples, *BRIEFLY)
    assert done.returncode == 7
    assert "no model at /v1/models/other:predict" in said_by(done)
    first, second = cli.suite.endpoints
    assert "404" in first.gate.problem.text
    assert "nothing to compare its answers with" in second.gate.problem.text


def test_an_api_of_its_own_by_a_template_with_a_token_that_is_nowhere_in_the_results(cli, samples, tmp_path):
    with serving() as a, serving("--token", "s3cret") as b:
        path = tmp_path / "endpoints.toml"
        path.write_text(
            f"""
            [v1]
            url = "http://127.0.0.1:{a}/v1/models/m"
            [own]
            url = "http://127.0.0.1:{b}/score"
            request = '{{"features": "$features"}}'
            answer = "result.scores"
            headers = {{ Authorization = "Bearer ${{OWN_TOKEN}}" }}
            """
        )
        cli.settings = {"OWN_TOKEN": "s3cret"}
        done = cli.run("run", "--urls", str(path), "--samples", samples, *BRIEFLY)
    assert done.returncode in MEASURED, done.stderr
    assert [result.gate.equal for result in cli.suite.endpoints] == [1.0, 1.0]
    written = [file for file in cli.folder.rglob("*") if file.is_file()]
    assert len(written) > 3
    assert not [file for file in written if b"s3cret" in file.read_bytes()]


def test_a_token_that_nobody_set_ends_a_run_beside_ours_before_it_begins(cli, tmp_path):
    path = tmp_path / "endpoints.toml"
    path.write_text(
        '[own]\nurl = "http://127.0.0.1:9/v1/models/m"\nheaders = { Authorization = "Bearer ${NOBODYS}" }\n'
    )
    done = cli.run("run", "flask-torch-eager", "--urls", str(path), *BRIEFLY)
    assert done.returncode == 2
    assert "NOBODYS" in done.stderr
    assert not list(cli.folder.glob("results/*"))


def test_bodies_as_they_were_logged(cli, tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text('{"features": [1, 2]}\n{"features": [-0.5, 3.25]}\n')
    with serving() as a, serving() as b:
        path = tmp_path / "endpoints.toml"
        tables = [f'[{n}]\nurl = "http://127.0.0.1:{p}/score"\nanswer = "result"\n' for n, p in (("a", a), ("b", b))]
        path.write_text("".join(tables))
        done = cli.run("run", "--urls", str(path), "--samples", str(log), *BRIEFLY)
    assert done.returncode in MEASURED, done.stderr
    assert [result.gate.checked for result in cli.suite.endpoints] == [2, 2]


def test_an_answer_that_never_comes_twice_is_no_reference(cli, tmp_path):
    """Without a path into it, the whole answer counts: what the request took is in it."""
    log = tmp_path / "log.jsonl"
    log.write_text('{"features": [1, 2]}\n')
    with serving() as a, serving() as b:
        urls = [f"--url=a=http://127.0.0.1:{a}/score", f"--url=b=http://127.0.0.1:{b}/score"]
        done = cli.run("run", *urls, "--samples", str(log), *BRIEFLY)
    assert done.returncode == 7
    assert "answers the same input differently each time" in said_by(done)


def test_one_of_ours_beside_one_that_already_runs(cli):
    """Both get the model's golden inputs; ours is started, and frozen in turn."""
    name = "flask-torchscript"
    served = cli.start("serve", name)
    try:
        line = next(line for line in served.stderr if "/v1/models/digits_cnn" in line)
        url = next(word for word in line.split() if word.startswith("http"))
        done = cli.run("run", "flask-torch-eager", f"--url=mine={url.removesuffix(':predict')}", *BRIEFLY)
    finally:
        served.terminate()
        served.communicate()
    assert done.returncode in MEASURED, done.stderr
    found = {result.endpoint: result for result in cli.suite.endpoints}
    assert found["mine"].gate.passed
    assert not found["mine"].reference
    assert found["flask-torch-eager-rest"].cold_starts
    assert found["mine"].windows


def test_an_interrupted_run_keeps_what_it_has_and_is_finished_with_the_same_samples(cli, samples):
    with serving() as a, serving() as b:
        urls = [f"--url={name}=http://127.0.0.1:{port}/v1/models/m" for name, port in (("a", a), ("b", b))]
        process = cli.start("run", *urls, "--samples", samples, "--rounds", "12", "-c", "1", "--warmup", "0.1")
        kept = wait_until(lambda: [path for path in cli.folder.glob("results/*/slices.jsonl") if path.read_text()])
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130, said
        before = len(kept[0].read_text().splitlines())
        done = cli.run("run", "--resume", "latest")
        assert done.returncode in MEASURED, done.stderr
        assert {window.round for window in cli.suite.endpoints[1].windows} == set(range(1, 13))
        assert len(kept[0].read_text().splitlines()) == 24 > before
