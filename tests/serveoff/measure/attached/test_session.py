"""What is known of attached endpoints once they have passed their gates."""

import json

from serveoff.loadtests.attached.exchange import Exchange
from serveoff.measure.attached.session import Attached
from serveoff.record.endpoint_results import EndpointResult
from tests.loadtests.attached import servers

NAMES = ("first", "second")
BODIES = (b'{"instances": [[1.0]]}', b'{"instances": [[22.5]]}')


def judged(attached, name):
    result = EndpointResult(endpoint=name, deployment=name, server="", format="", protocol="rest", payload="")
    attached.judge(result)
    return result


def test_the_first_is_what_others_are_held_against_and_of_each_it_is_known_how_large_its_answers_are():
    said = {"predictions": []}

    def answer(asked):
        return servers.as_json(said | {"predictions": json.loads(asked.body)["instances"]})

    with servers.rest(answer) as served:
        exchange = Exchange(dialect="tfserving", bodies=BODIES)
        attached = Attached(dict.fromkeys(NAMES, served.target()), dict.fromkeys(NAMES, exchange))
        first = judged(attached, "first")
        said["model"] = "the other one"
        second = judged(attached, "second")
    assert (first.gate.passed, first.reference) == (True, True)
    assert (second.gate.passed, second.reference) == (True, False)
    assert [array.item() for reading in attached.expected for array in reading.values()] == [1.0, 22.5]
    assert [attached.exchanges[name].answer_bytes for name in NAMES] == [
        len(json.dumps({"predictions": [[22.5]]})),
        len(json.dumps({"predictions": [[22.5]], "model": "the other one"})),
    ]


def test_where_the_first_cannot_be_relied_on_nobody_is_held_against_it():
    with servers.rest(lambda asked: servers.as_json({"predictions": [len(served.asked)]})) as served:
        exchange = Exchange(dialect="tfserving", bodies=BODIES)
        attached = Attached(dict.fromkeys(NAMES, served.target()), dict.fromkeys(NAMES, exchange))
        gates = [judged(attached, name).gate for name in NAMES]
    assert [gate.passed for gate in gates] == [False, False]
    assert "differently each time" in gates[0].problem.text
    assert "nothing to compare its answers with" in gates[1].problem.text
    assert attached.exchanges["second"].answer_bytes == 0
