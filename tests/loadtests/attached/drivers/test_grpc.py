"""The load generator's callers over an attached endpoint's channels: in a process of its own, for gevent's sake."""

import itertools
import json
import subprocess
import sys
import time

import grpc
import numpy as np
import pytest

from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.reading import reading
from serveoff.loadtests.generator.commands import EndpointCommand
from serveoff.loadtests.payloads.grpc_tfserving import _MESSAGES
from serveoff.loadtests.problems import WindowCode
from tests.loadtests.attached import servers
from tests.loadtests.attached.certificates import BAD, GOOD, PEM
from tests.loadtests.conftest import REPOSITORY

TOKEN = "sesame-open-1234"
GRPC = dialect("grpc_tfserving")
DRIVE = """
import locust
import json, sys
from serveoff.loadtests.attached.drivers.grpc import Driver
from serveoff.loadtests.attached.requests import pool_of
from serveoff.loadtests.generator.commands import parse_command
from tests.loadtests.attached.drivers.driving import drive
for line in sys.stdin:
    command, slices = json.loads(line)
    told = parse_command(command.encode())
    driver, pool = Driver(told.target, told.exchange), pool_of(told.exchange)
    done = []
    for load, duration_s in slices:
        recording = drive(driver, told.exchange, load, duration_s)
        check = recording.verified.judge(pool.expected, pool.payload, pool.spec)
        problem = recording.problem and recording.problem.model_dump(mode="json")
        done.append({"rows": recording.rows, "checked": check.checked, "wrong": check.wrong, "problem": problem})
    driver.close()
    print(json.dumps(done), flush=True)
"""


def exchange(right=1.0, **more):
    rows = np.arange(6, dtype=np.float32).reshape(3, 1, 2)
    bodies = tuple(GRPC.encode("m", {"x": row}) for row in rows)
    made = Exchange(dialect="grpc_tfserving", bodies=bodies, **more)
    return made.expecting([reading(row * right) for row in rows])


def echo(asked):
    """What was sent, as an answer."""
    answer = _MESSAGES["PredictResponse"]()
    answer.outputs["y"].CopyFrom(_MESSAGES["PredictRequest"].FromString(asked.body).inputs["x"])
    return answer.SerializeToString()


@pytest.fixture(scope="module")
def driven(tmp_path_factory):
    """Drives slices (load, seconds) of an exchange at a target; what came of each."""
    log = tmp_path_factory.mktemp("grpc") / "log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-c", DRIVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=REPOSITORY
        ) as process,
    ):

        def drive(target, exchange, *slices):
            command = EndpointCommand(target=target, exchange=exchange).model_dump_json()
            process.stdin.write(json.dumps([command, slices]).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
            assert line, log.read_text()
            assert TOKEN not in line.decode() + log.read_text()
            return json.loads(line)

        yield drive
        process.stdin.close()


def statuses(done):
    return {row[4] for row in done["rows"]}


def test_every_sample_is_sent_with_its_metadata_and_answers_are_checked(driven):
    sent = exchange(headers={"Authorization": f"Bearer {TOKEN}"})
    with servers.rpc(GRPC.method, echo) as served:
        one, four, poisson = driven(served.target(), sent, ("1", 0.2), ("4", 0.2), ("constant@50", 0.4))
    assert [statuses(done) for done in (one, four, poisson)] == [{200}] * 3
    assert {asked.body for asked in served.asked} == set(sent.bodies)
    assert {asked.headers["authorization"] for asked in served.asked} == {f"Bearer {TOKEN}"}
    assert (four["checked"], four["wrong"]) == (len(four["rows"]), 0)
    assert len(poisson["rows"]) == 20


def test_wrong_answers_and_refusals_are_found(driven):
    with servers.rpc(GRPC.method, echo) as served:
        (done,) = driven(served.target(), exchange(right=1.01), ("2", 0.2))
    assert done["wrong"] > 0

    def refuse(asked):
        raise servers.Refused(grpc.StatusCode.UNAUTHENTICATED, f"not {asked.headers['authorization']}")

    with servers.rpc(GRPC.method, refuse) as served:
        (done,) = driven(served.target(), exchange(headers={"Authorization": f"Bearer {TOKEN}"}), ("2", 0.4))
    assert statuses(done) == {1016}
    assert done["problem"]["code"] == WindowCode.ONLY_ERRORS
    assert "UNAUTHENTICATED not …" in done["problem"]["text"]


def test_no_request_is_sent_sooner_than_the_pace_after_the_last(driven):
    pace_s, begun = 0.04, time.perf_counter()
    with servers.rpc(GRPC.method, echo) as served:
        done = driven(served.target(), exchange(pace_s=pace_s), ("4", 0.3), ("1", 0.3))
    sent_at = sorted(row[2] for one in done for row in one["rows"])
    assert len(served.asked) == len(sent_at) >= 2
    assert all(later - sooner >= pace_s for sooner, later in itertools.pairwise(sent_at))
    assert all(asked.at >= begun + number * pace_s for number, asked in enumerate(served.asked, 1))


def test_it_speaks_tls(driven):
    sent = exchange(tls=True, ca_pem=PEM)
    with servers.rpc(GRPC.method, echo, GOOD) as served:
        (done,) = driven(served.target(host="localhost"), sent, ("2", 0.2))
    assert (statuses(done), done["wrong"]) == ({200}, 0)


def test_the_certificate_may_be_of_a_host_that_the_url_does_not_name(driven):
    sent = exchange(tls=True, ca_pem=PEM, server_name="models.example.org")
    with servers.rpc(GRPC.method, echo, BAD["Hostname mismatch"]) as served:
        (done,) = driven(served.target(), sent, ("1", 0.2))
    assert statuses(done) == {200}


@pytest.mark.parametrize("said", BAD)
def test_a_bad_certificate_gets_no_request_and_the_reason_is_told(driven, said):
    with servers.rpc(GRPC.method, echo, BAD[said]) as served:
        (done,) = driven(served.target(host="localhost"), exchange(tls=True, ca_pem=PEM), ("1", 0.4))
    assert (statuses(done), served.asked) == ({1014}, [])
    assert said in done["problem"]["text"]
