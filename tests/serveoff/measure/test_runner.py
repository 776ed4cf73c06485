"""What a run does, in which order, with servers and a load generator that are fakes."""

import time
from collections import Counter
from dataclasses import replace
from itertools import count

import pytest

from serveoff.errors import LoadGeneratorFailure, ServerFailed
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.loads import Load
from serveoff.loadtests.problems import WindowCode
from serveoff.loadtests.recording.windows import Window
from serveoff.measure import agreement_gate, cold_start, fleet, open_loops, preparing, rounds, runner, slicing
from serveoff.measure.attached.care import Guard
from serveoff.measure.plan.timing import Timing
from serveoff.measure.runner import measure
from serveoff.record.cold_starts import ColdStart
from serveoff.record.endpoint_results import Gate
from serveoff.record.problems import RequestCode, StartCode
from serveoff.record.race import Look
from serveoff.record.raw_rows import read_run_rows
from serveoff.record.resources import Resources
from serveoff.record.suite import load_suite
from tests.serveoff.measure.fakes import failing, fake_run

PAIR = ("flask-torchscript", "flask-savedmodel")
TORCH, TENSORFLOW = "flask-torchscript-rest", "flask-savedmodel-rest"


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    """Nothing is asked of a fake server but slices."""

    def started(server, endpoints, order):
        return cold_start.Started(ColdStart(first_answer_s=1.0, order=order), "cpu", {})

    monkeypatch.setattr(cold_start, "measure_start", started)
    gate = Gate(passed=True, checked=1, max_abs_error=0.0, top1_agreement=1.0, answer_s=0.001)
    monkeypatch.setattr(agreement_gate, "check", lambda endpoint, server, encoding="": gate)
    monkeypatch.setattr(agreement_gate, "unfit", lambda endpoint, encoding="", rows=1: None)
    monkeypatch.setattr(preparing, "read_resources", lambda *_: Resources(asked={}))
    monkeypatch.setattr(runner, "look_again", lambda found, server, settings: found)
    monkeypatch.setattr(runner.layer_probe, "wanted", lambda endpoint: False)


def drives(run):
    """Endpoint and load of every slice that was driven, warm-ups left out."""
    return [(e[1], e[2].load.text) for e in run.events if e[0] == "drive" and e[2].duration_s]


def test_every_round_has_every_load_once_in_another_order(tmp_path):
    with fake_run(tmp_path, *PAIR, rounds=4, concurrencies=[1, 16]) as run:
        measure(run)
    each = {(name, load) for name in (TORCH, TENSORFLOW) for load in ("1", "16")}
    found = [drives(run)[at : at + 4] for at in range(0, 16, 4)]
    assert all(set(round_) == each for round_ in found)
    assert len({tuple(round_) for round_ in found}) > 1
    suite = load_suite(tmp_path)
    assert suite.complete
    assert suite.rounds == 4
    assert sorted(w.number for e in suite.endpoints for w in e.windows) == list(range(1, 17))


def test_contenders_under_one_load_lie_side_by_side(tmp_path):
    with fake_run(tmp_path, *PAIR, "flask-tuned-null", "torchserve-*", rounds=30, concurrencies=[1, 4, 16]) as run:
        measure(run)
    raced = {endpoint for endpoint, _ in drives(run)} - {"flask-tuned-null-rest"}
    size = len(raced)
    for load in ("1", "16"):
        found = drives(run)
        places = [i for i, (endpoint, asked) in enumerate(found) if asked == load and endpoint in raced]
        blocks = [places[i : i + size] for i in range(0, len(places), size)]
        assert len(blocks) == 30
        assert all(block == list(range(block[0], block[0] + size)) for block in blocks)
        assert {found[block[0]][0] for block in blocks} == raced, "in random order"


@pytest.mark.parametrize(
    ("given", "slow_s", "of_six"),
    [({"minutes": 60}, 0.1, 6), ({"minutes": 60}, 0.4, 3), ({"minutes": 60}, 9.0, 2), ({"rounds": 6}, 9.0, 6)],
)
def test_slices_that_take_longer_than_most_come_in_fewer_rounds_of_a_time(tmp_path, monkeypatch, given, slow_s, of_six):
    def timing(run, endpoint, asked):
        return Timing(0.0, slow_s if (endpoint.name, asked.load.text) == (TENSORFLOW, "16") else 0.1, 10.0)

    monkeypatch.setattr(rounds, "_timing", timing)
    with fake_run(tmp_path, *PAIR, "flask-frozen-graph", concurrencies=[1, 16], **given) as run:
        preparing.prepare_all(run)
        rounds.measure_rounds(run, 1, 6, float("inf"), 1)
    counted = Counter(drives(run))
    assert counted.pop((TENSORFLOW, "16")) == of_six
    assert set(counted.values()) == {6}


def test_loads_that_take_long_for_all_come_in_every_round(tmp_path, monkeypatch):
    """What is raced under one load must lie side by side in time."""
    timed = {"1": 0.1, "16": 9.0}
    monkeypatch.setattr(rounds, "_timing", lambda run, endpoint, asked: Timing(0.0, timed[asked.load.text], 10.0))
    with fake_run(tmp_path, *PAIR, concurrencies=[1, 16], minutes=60) as run:
        preparing.prepare_all(run)
        rounds.measure_rounds(run, 1, 6, float("inf"), 1)
    assert set(Counter(drives(run)).values()) == {6}


def test_one_server_at_a_time_is_awake(tmp_path):
    with fake_run(tmp_path, *PAIR, rounds=3) as run:
        measure(run)
    awake = set()
    for event in run.events:
        if event[0] in ("start", "thaw"):
            awake.add(event[1])
        elif event[0] in ("freeze", "stop"):
            awake.discard(event[1])
        assert len(awake) <= 1, event


def test_a_jvm_ends_what_it_compiles_before_it_is_frozen(tmp_path, monkeypatch):
    with fake_run(tmp_path, *PAIR, rounds=1, concurrencies=[1]) as run:
        compiles = [True, True, False, True, False]

        def compiling(pids):
            run.events.append(("look", *pids))
            return compiles.pop(0) if compiles else False

        monkeypatch.setattr(slicing, "compiling", compiling)
        measure(run)
    driven = [at for at, event in enumerate(run.events) if event[0] == "drive"]
    words = [[event[0] for event in run.events[at + 1 :]] for at in driven]
    looks = [after.index("freeze") for after in words]
    assert looks[:4] == [3, 2, 1, 1]
    assert all(set(after[:n]) == {"look"} for after, n in zip(words, looks, strict=True))


def test_connections_are_closed_before_a_server_is_started_anew(tmp_path):
    with fake_run(tmp_path, *PAIR, rounds=2, starts=2, concurrencies=[1]) as run:
        measure(run)
    for name in PAIR:
        mine = [event[0] for event in run.events if event[1:2] in [(name,), (f"{name}-rest",)]]
        assert mine[mine.index("hang up") : mine.index("hang up") + 3] == ["hang up", "stop", "start"]


def test_rows_carry_start_round_slice_and_load_and_warm_ups_are_of_no_slice(tmp_path):
    with fake_run(tmp_path, "flask-torchscript", rounds=2, starts=2, concurrencies=[1]) as run:
        measure(run)
    rows = read_run_rows(tmp_path).to_pylist()
    counted = {(r["start"], r["round"], r["slice"], r["load"]) for r in rows if r["measured"]}
    assert counted == {(1, 1, 1, "1"), (2, 2, 2, "1")}
    assert {r["start"] for r in rows if r["slice"] == -1} == {1, 2}
    assert not any(r["measured"] for r in rows if r["slice"] == -1)
    (result,) = load_suite(tmp_path).endpoints
    assert [w.served for w in result.windows] == [10, 10]
    assert all(w.server_cpu_s == pytest.approx(0.05) for w in result.windows)


def test_a_run_of_days_has_rounds_without_an_end(tmp_path):
    with fake_run(tmp_path, "flask-torchscript", minutes=60, concurrencies=[1]) as run:
        preparing.prepare_all(run)
        rounds.measure_rounds(run, 32_767, 32_769, float("inf"), 1)
        run.save()
    measured = read_run_rows(tmp_path).to_pylist()
    assert {row["round"] for row in measured if row["measured"]} == {32_767, 32_768, 32_769}


def test_memory_is_the_largest_of_all_starts_and_read_of_servers_at_rest(tmp_path):
    with fake_run(tmp_path, *PAIR, rounds=4, starts=3, concurrencies=[1]) as run:
        measure(run)
    assert [endpoint.memory_bytes for endpoint in load_suite(tmp_path).endpoints] == [1003, 1003]


def test_every_contender_has_its_starts_and_each_serves_its_share(tmp_path):
    with fake_run(tmp_path, *PAIR, "flask-tuned-null", rounds=6, starts=3, concurrencies=[1]) as run:
        measure(run)
    starts = [e[1] for e in run.events if e[0] == "start"]
    assert [starts.count(name) for name in ("flask-torchscript", "flask-savedmodel", "flask-tuned-null")] == [3, 3, 1]
    result = load_suite(tmp_path).endpoint(TORCH)
    assert [(w.start, w.round) for w in result.windows] == [(1, 1), (1, 2), (2, 3), (2, 4), (3, 5), (3, 6)]
    assert [start.order for start in result.cold_starts] == sorted({start.order for start in result.cold_starts})
    assert len(result.cold_starts) == 3


def test_who_is_out_of_the_race_gives_its_time_to_the_others(tmp_path):
    def look(folder, start, looks):
        out = [TENSORFLOW] if start >= 2 else []
        return Look(after_start=start, looks=looks, out=out, leaders=[TORCH], pairs=3, undecided=1)

    given = {"rounds": 50, "starts": 3, "race_starts": 5, "concurrencies": [1]}
    with fake_run(tmp_path, *PAIR, look=look, **given) as run:
        run.plan.settings.race = run.suite.settings.race = True
        measure(run)
    suite = load_suite(tmp_path)
    out, still = suite.endpoint(TENSORFLOW), suite.endpoint(TORCH)
    assert (out.out_after, still.out_after) == (2, None)
    assert [(look.after_start, look.looks) for look in suite.looks] == [(2, 4), (3, 4), (4, 4), (5, 4)]
    counts = [[sum(w.start == start for w in e.windows) for start in range(1, 6)] for e in (still, out)]
    assert counts[0] == [10, 10, 10, 10, 10]
    assert counts[1][:2] == [10, 10]
    assert 1 <= counts[1][2] <= 10 // rounds.OUT_EVERY + 1, "its third start serves a share, too"
    assert counts[1][3:] == [0, 0]
    assert len([e for e in run.events if e == ("start", "flask-savedmodel")]) == 3


def test_a_run_ends_once_all_is_decided_and_every_contender_had_its_starts(tmp_path):
    def look(folder, start, looks):
        return Look(after_start=start, looks=looks, pairs=3, decided=True)

    with fake_run(tmp_path, *PAIR, look=look, rounds=50, starts=3, race_starts=5, concurrencies=[1]) as run:
        run.plan.settings.race = run.suite.settings.race = True
        measure(run)
    suite = load_suite(tmp_path)
    assert [look.after_start for look in suite.looks] == [2, 3]
    assert suite.ended_early
    assert suite.rounds == 30


def test_a_run_that_is_given_minutes_ends_in_time(tmp_path, monkeypatch):
    """Nothing takes time here but slices, each a second of a clock that the test holds."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def takes_a_second(endpoint, server):
        now[0] += 1.0

    with fake_run(tmp_path, *PAIR, minutes=2, concurrencies=[1], starts=2) as run:
        run.generator.befalls = takes_a_second
        measure(run)
    assert 60 < now[0] <= 120
    assert load_suite(tmp_path).complete
    assert {w.start for w in load_suite(tmp_path).endpoint(TORCH).windows} == {1, 2}


@pytest.fixture
def begun(monkeypatch):
    """The numbers of the rounds that are begun, each of them a second of a clock that nothing else moves."""
    begun, now, round_of = [], [0.0], rounds._round

    def counted(run, round_, *how):
        begun.append(round_)
        now[0] += 1.0
        round_of(run, round_, *how)

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(rounds, "_round", counted)
    return begun


def test_a_run_whose_answers_are_all_wrong_has_no_rounds(tmp_path, monkeypatch, begun):
    wrong = Gate(passed=False, checked=1, max_abs_error=1.0, top1_agreement=0.0, answer_s=0.001)
    monkeypatch.setattr(agreement_gate, "check", lambda endpoint, server, encoding="": wrong)
    with fake_run(tmp_path, *PAIR, minutes=10, starts=3) as run:
        measure(run)
    assert begun == []
    assert load_suite(tmp_path).complete


def test_the_time_of_a_start_whose_servers_all_ended_is_the_next_ones(tmp_path, begun):
    def ends(endpoint, server):
        ended = server.number == 1 and sum(event[0] == "drive" for event in run.events) > 4
        run.generator.status = 0 if ended else 200
        server.how_it_ended = "killed by SIGKILL" if ended else ""

    with fake_run(tmp_path, *PAIR, minutes=2, starts=2, concurrencies=[1]) as run:
        run.generator.befalls = ends
        measure(run)
    windows = load_suite(tmp_path).endpoint(TORCH).windows
    counts = [sum(w.start == start for w in windows) for start in (1, 2)]
    assert counts[0] <= 4, "all had ended by then"
    assert counts[1] > 60, "of two minutes"


def test_who_is_out_is_not_waited_for_once_the_leader_has_ended(tmp_path, begun):
    def look(folder, start, looks):
        return Look(after_start=start, looks=looks, out=[TENSORFLOW], leaders=[TORCH], pairs=3, undecided=1)

    def ends(endpoint, server):
        ended = endpoint.name == TORCH and server.number > 2
        run.generator.status = 0 if ended else 200
        server.how_it_ended = "killed by SIGKILL" if ended else ""

    given = {"minutes": 10, "starts": 2, "race_starts": 4, "concurrencies": [1]}
    with fake_run(tmp_path, *PAIR, look=look, **given) as run:
        run.plan.settings.race = run.suite.settings.race = True
        run.generator.befalls = ends
        measure(run)
    windows = load_suite(tmp_path).endpoint(TORCH).windows
    assert [sum(w.start == start for w in windows) for start in (3, 4)] == [0, 0]
    assert len(begun) - len({w.round for w in windows}) <= 4, "at most the last one of each start has no slice"


def test_a_short_run_has_fewer_starts(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def takes_a_while(endpoint, server):
        now[0] += 10.0

    with fake_run(tmp_path, *PAIR, minutes=1.6, concurrencies=[1], starts=5) as run:
        run.generator.befalls = takes_a_while
        measure(run)
    assert len([e for e in run.events if e == ("start", "flask-torchscript")]) == 2


def timed(monkeypatch, run, seconds):
    """A clock that only fake servers move, by so much each time that they are driven."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def takes_a_while(endpoint, server):
        now[0] += seconds

    run.generator.befalls = takes_a_while
    run.began = 0.0
    return now


@pytest.mark.parametrize(
    ("seconds", "given", "beside", "left_out"),
    [
        (
            20,
            {"minutes": 1},
            ["flask-tuned-null", "inprocess-torchscript"],
            ["flask-tuned-null-rest", "inprocess-torchscript"],
        ),
        (1, {"minutes": 1}, ["flask-tuned-null"], []),
        (20, {"rounds": 1}, ["flask-tuned-null"], []),
    ],
)
def test_a_short_run_of_a_slow_model_leaves_out_what_never_ranks(
    tmp_path, monkeypatch, seconds, given, beside, left_out
):
    with fake_run(tmp_path, *PAIR, *beside, concurrencies=[1, 4], **given) as run:
        run.plan = replace(run.plan, settings=run.settings.model_copy(update={"endpoints": []}))
        timed(monkeypatch, run, seconds)
        preparing.prepare_all(run)
    codes = {e.endpoint: e.unavailable.code for e in run.suite.endpoints if e.unavailable}
    assert codes == dict.fromkeys(left_out, RequestCode.SHORT_RUN)


def test_what_is_raced_comes_first_in_a_round_that_time_ends(tmp_path, monkeypatch):
    with fake_run(tmp_path, *PAIR, minutes=1, concurrencies=[1, 4, 16], starts=1) as run:
        timed(monkeypatch, run, 10)
        measure(run)
    first = [w for e in load_suite(tmp_path).endpoints for w in e.windows if w.round == 1]
    assert sorted(w.load.text for w in first) == ["1", "1", "16", "16"]


def test_contenders_of_too_few_answers_have_more_rounds_of_one_caller_but_not_for_ever(tmp_path, monkeypatch):
    with fake_run(tmp_path, *PAIR, minutes=1, concurrencies=[1, 16], starts=1) as run:
        now = timed(monkeypatch, run, 5)
        measure(run)
    answers = {
        e.endpoint: sum(w.requests for w in e.windows if w.load.text == "1") for e in load_suite(tmp_path).endpoints
    }
    assert answers == {TORCH: 50, TENSORFLOW: 50}, "ten a slice"
    assert "some more rounds for latency" in run.said()
    assert now[0] <= 120


def test_whoever_answers_nothing_is_not_waited_for(tmp_path, monkeypatch):
    with fake_run(tmp_path, *PAIR, minutes=1, concurrencies=[1, 16], starts=1) as run:
        timed(monkeypatch, run, 5)
        run.generator.status = 500
        measure(run)
    assert load_suite(tmp_path).complete
    assert "more rounds" not in run.said()


def test_what_is_left_out_of_a_resumed_run_is_not_asked_again(tmp_path, monkeypatch):
    given = {"minutes": 1, "concurrencies": [1], "starts": 1}
    with fake_run(tmp_path, *PAIR, "flask-tuned-null", **given) as run:
        run.plan = replace(run.plan, settings=run.settings.model_copy(update={"endpoints": []}))
        null = run.plan.endpoints[-1]
        assert null.name == "flask-tuned-null-rest"
        result = run.result(null)
        result.gate = Gate(passed=True, checked=1, max_abs_error=0.0, top1_agreement=1.0, answer_s=0.001)
        result.windows.append(Window(endpoint=null.name, start=1, round=1, start_s=0.0, duration_s=0.1, concurrency=1))
        timed(monkeypatch, run, 20)
        measure(run)
    assert null.name not in {name for name, _ in drives(run)}
    assert load_suite(tmp_path).endpoint(null.name).unavailable is None, "what was measured before stays"


@pytest.mark.parametrize(("minutes", "starts"), [(2, 4), (4, 7), (10, 10)])
def test_few_deployments_have_more_starts_as_far_as_a_share_of_the_time_goes(tmp_path, monkeypatch, minutes, starts):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def takes_three_seconds(endpoint, server):
        now[0] += 3.0

    given = {"minutes": minutes, "concurrencies": [1], "starts": 1, "race_starts": 10}
    with fake_run(tmp_path, *PAIR, look=lambda *_: Look(after_start=1), **given) as run:
        run.plan.settings.race = run.suite.settings.race = True
        run.generator.befalls = takes_three_seconds
        measure(run)
    assert len([e for e in run.events if e == ("start", "flask-torchscript")]) == starts


def test_a_replaced_process_is_a_problem_of_its_slice_and_is_said_aloud(tmp_path):
    def replaces(endpoint, server):
        if sum(event[0] == "drive" for event in run.events) == 3:
            server.processes = {max(server.processes) + 1000}

    with fake_run(tmp_path, "flask-torchscript", rounds=3, concurrencies=[1]) as run:
        run.generator.befalls = replaces
        measure(run)
        said = run.said()
    codes = [[p.code for p in w.problems] for w in load_suite(tmp_path).endpoint(TORCH).windows]
    assert codes == [[], [WindowCode.SERVER_REPLACED], []]
    assert "was replaced or is missing; what was measured then is INVALID" in said


def test_a_process_that_was_replaced_while_it_rested_is_a_problem_of_the_next_slice(tmp_path):
    def loses(endpoint, server):
        if sum(event[0] == "drive" for event in run.events) == 3:
            replaced.append(server)

    replaced = []
    with fake_run(tmp_path, "flask-torchscript", rounds=3, concurrencies=[1]) as run:
        run.generator.befalls = loses
        rests = run.fleet.rest

        def rest(deployment):
            rests(deployment)
            for server in replaced:
                server.processes = {max(server.processes) + 1000}
            replaced.clear()

        run.fleet.rest = rest
        measure(run)
        said = run.said()
    codes = [[p.code for p in w.problems] for w in load_suite(tmp_path).endpoint(TORCH).windows]
    assert codes == [[], [], [WindowCode.SERVER_REPLACED]]
    assert "was replaced or is missing" in said


def test_short_of_memory_every_server_is_warmed_up_again_before_its_slice(tmp_path, monkeypatch):
    monkeypatch.setattr(fleet, "wait_ready", lambda server: None)
    with fake_run(tmp_path, "flask-torchscript", rounds=2, concurrencies=[1], warmup_s=1.0) as run:
        run.fleet._reserve_bytes = 2**62
        measure(run)
        said = run.said()
    told = [(e[0], e[0] == "drive" and e[2].duration_s > 0) for e in run.events if e[0] in ("start", "drive")]
    slices = [number for number, (_, counts) in enumerate(told) if counts]
    assert [told[number - 2 : number] for number in slices] == [[("start", False), ("drive", False)]] * 2
    windows = load_suite(tmp_path).endpoint(TORCH).windows
    assert [(w.start, w.problems) for w in windows] == [(1, []), (1, [])]
    assert said.count("memory is short") == 1


def test_a_server_that_ended_is_asked_no_more_until_its_next_start(tmp_path):
    def ends(endpoint, server):
        if server.number == 1 and sum(event[0] == "drive" for event in run.events) > 2:
            server.how_it_ended, run.generator.status = "killed by SIGKILL", 0
        else:
            run.generator.status = 200

    with fake_run(tmp_path, "flask-torchscript", rounds=6, starts=2, concurrencies=[1]) as run:
        run.generator.befalls = ends
        measure(run)
    windows = load_suite(tmp_path).endpoint(TORCH).windows
    assert [(w.start, [p.code for p in w.problems]) for w in windows] == [
        *((1, []), (1, [WindowCode.SERVER_ENDED])),
        *((2, []), (2, []), (2, [])),
    ]


def test_a_start_that_computes_elsewhere_than_the_first_costs_its_rounds(tmp_path, monkeypatch):
    def started(server, endpoints, order):
        device = "cpu" if server.number == 2 else "cuda:0"
        return cold_start.Started(ColdStart(first_answer_s=1.0, order=order), device, {})

    monkeypatch.setattr(cold_start, "measure_start", started)
    with fake_run(tmp_path, "flask-torchscript", rounds=3, starts=3, concurrencies=[1]) as run:
        measure(run)
    result = load_suite(tmp_path).endpoint(TORCH)
    assert [w.start for w in result.windows] == [1, 3]
    assert "this start computes on cpu, not cuda:0" in result.cold_starts[1].problem.text


def test_a_start_that_failed_later_on_costs_its_rounds_only(tmp_path, monkeypatch):
    healthy = cold_start.measure_start

    def fails_the_second_time(server, endpoints, order):
        if server.number == 2:
            raise ServerFailed(StartCode.TIMED_OUT, "did not become ready")
        return healthy(server, endpoints, order)

    monkeypatch.setattr(cold_start, "measure_start", fails_the_second_time)
    with fake_run(tmp_path, "flask-torchscript", rounds=3, starts=3, concurrencies=[1]) as run:
        measure(run)
    result = load_suite(tmp_path).endpoint(TORCH)
    assert result.unavailable is None
    assert [w.start for w in result.windows] == [1, 3]
    assert [start.problem and start.problem.code for start in result.cold_starts] == [None, StartCode.TIMED_OUT, None]


def test_a_generator_that_fails_once_spoils_a_slice_and_one_that_goes_on_failing_ends_the_run(tmp_path):
    def fails_once(endpoint, server):
        if sum(event[0] == "drive" for event in run.events) == 3:
            failing(endpoint, server)

    with fake_run(tmp_path / "once", "flask-torchscript", rounds=3, concurrencies=[1]) as run:
        run.generator.befalls = fails_once
        measure(run)
    codes = [[p.code for p in w.problems] for w in load_suite(tmp_path / "once").endpoint(TORCH).windows]
    assert codes == [[], [WindowCode.GENERATOR_FAILED], []]
    with fake_run(tmp_path / "always", "flask-torchscript", rounds=30, concurrencies=[1]) as run:
        run.generator.befalls = failing
        with pytest.raises(LoadGeneratorFailure, match="5 times in a row"):
            measure(run)
    assert not load_suite(tmp_path / "always").complete


def test_the_open_loops_of_the_leaders_come_last(tmp_path):
    def look(folder, start, looks):
        return Look(after_start=start, looks=looks, leaders=[TORCH], pairs=1, decided=True)

    given = {"rounds": 4, "starts": 2, "race_starts": 2, "concurrencies": [1], "open_shares": [0.5], "probes": 3}
    with fake_run(tmp_path, *PAIR, look=look, **given) as run:
        run.plan.settings.race = run.suite.settings.race = True
        measure(run)
    asked = drives(run)
    opened = [name for name, load in asked if load.startswith("poisson")]
    assert set(opened) == {TORCH}
    assert len(opened) == 3 * (1 + 3)
    assert not [load for _, load in asked[-len(opened) :] if not load.startswith("poisson")]


def test_open_loops_ask_no_more_than_the_user_allowed_and_leave_alone_who_fails(tmp_path):
    given = {"rounds": 1, "concurrencies": [1], "open_shares": [0.5, 0.8], "probes": 3}
    with fake_run(tmp_path / "paced", "flask-torchscript", **given) as run:
        run.attached.exchanges[TORCH] = Exchange(dialect="tfserving", bodies=(b"{}",), pace_s=0.02)
        measure(run)
    rates = {event[2].load.rate for event in run.events if event[0] == "drive" and event[2].load.rate}
    assert rates
    assert max(rates) <= 50.0

    def fails(endpoint, server):
        run.generator.status = 503 if sum(event[0] == "drive" for event in run.events) > 2 else 200

    with fake_run(tmp_path / "failing", "flask-torchscript", **given) as run:
        run.attached.guards[TORCH] = Guard(guarded=True)
        run.generator.befalls = fails
        measure(run)
    assert len([load for _, load in drives(run) if load.startswith("poisson")]) < 4
    assert "left alone amid the run" in load_suite(tmp_path / "failing").endpoint(TORCH).stopped.text


def test_a_search_has_probes_long_enough_for_the_percentile_or_is_left_out(tmp_path):
    given = {"minutes": 10, "rounds": None, "race": False, "concurrencies": [1], "open_shares": [], "probes": 3}
    with fake_run(tmp_path, "flask-torchscript", **given) as run:
        for load, found in ((Load(1, "poisson", 100.0), 4.048), (Load(1, "poisson", 1000.0), 1.0)):
            probe = open_loops._lasting(open_loops._needed_s(run.settings, load.rate))
            assert probe.duration_s == pytest.approx(found, rel=0.01)
        assert open_loops._affordable(run, 1000.0) > open_loops._affordable(run, 50.0) > open_loops.FEWEST
        assert open_loops._affordable(run, 5.0) == 0, "no probe lasts as long"


def test_a_race_too_short_for_a_look_has_open_loops_of_three(tmp_path):
    given = {"rounds": 2, "starts": 1, "race_starts": 1, "concurrencies": [1], "open_shares": [0.5]}
    with fake_run(tmp_path, "flask-*", "torchserve-*", **given) as run:
        run.plan.settings.race = run.suite.settings.race = True
        measure(run)
    opened = {name for name, load in drives(run) if load.startswith("poisson")}
    assert load_suite(tmp_path).looks == []
    assert len(opened) == 3
    assert not any("null" in name for name in opened)


def test_an_interrupted_run_goes_on_with_new_starts_and_repeats_nothing(tmp_path):
    def interrupts(endpoint, server):
        if sum(event[0] == "drive" for event in run.events) == 4:
            raise KeyboardInterrupt

    with fake_run(tmp_path, "flask-torchscript", rounds=4, concurrencies=[1]) as run:
        run.generator.befalls = interrupts
        with pytest.raises(KeyboardInterrupt):
            measure(run)
    assert [event[0] for event in run.events[-2:]] == ["close", "stop"]
    before = load_suite(tmp_path)
    kept = list(before.endpoint(TORCH).windows)
    assert not before.complete
    with fake_run(tmp_path / "again", "flask-torchscript", rounds=4, concurrencies=[1]) as run:
        run.suite.endpoints.extend(before.endpoints)
        measure(run)
    windows = run.suite.endpoint(TORCH).windows
    assert [w.round for w in windows] == [1, 2, 3, 4]
    assert windows[:2] == kept


def test_what_a_cpu_limit_of_the_run_held_back_is_kept_of_every_slice_under_one(tmp_path):
    """A slice's two readings lie around what befalls it: two periods of 0.1 s."""
    stat, throttled_usec = tmp_path / "group" / "cpu.stat", count(700_000, 200_000)

    def throttle(endpoint, server):
        stat.write_text(f"usage_usec 1\nthrottled_usec {next(throttled_usec)}\n")

    stat.parent.mkdir()
    stat.write_text("usage_usec 1\nthrottled_usec 500000\n")
    with fake_run(tmp_path / "free", "flask-torchscript", rounds=2, concurrencies=[1]) as run:
        run.limited = ()
        measure(run)
        assert [w.group_throttled_s for w in run.suite.endpoint(TORCH).windows] == [None] * 2
    with fake_run(tmp_path / "limited", "flask-torchscript", rounds=2, concurrencies=[1]) as run:
        run.limited, run.generator.befalls = (stat.parent,), throttle
        measure(run)
    (result,) = load_suite(tmp_path / "limited").endpoints
    assert [w.group_throttled_s for w in result.windows] == [pytest.approx(0.2)] * 2


def test_what_others_did_on_the_run_s_cores_is_kept_of_every_slice(tmp_path, monkeypatch):
    """Between two readings the cores worked for 0.19 s, of which the server had 0.05."""
    monkeypatch.setattr(slicing, "busy_s", lambda cores: next(readings))
    readings = count(step=0.19)
    with fake_run(tmp_path, "flask-torchscript", rounds=2, concurrencies=[1]) as run:
        measure(run)
    (result,) = load_suite(tmp_path).endpoints
    assert [w.others_cpu_s for w in result.windows] == [pytest.approx(0.14)] * 2
