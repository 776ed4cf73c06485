"""What a summary takes of each run is what the run's own report says."""

import pytest

from serveoff.analyse.across_models.summary import BOUND, Summary
from serveoff.analyse.analysis import analyse
from serveoff.report.across_models.sentences import word
from tests.serveoff.model_runs import COSTS_S, TIMES, overhead_s


def test_models_stand_in_the_order_of_what_they_cost(sound):
    assert [model.model for model in sound.models] == list(COSTS_S)
    for model in sound.models:
        assert model.cheapest.format == "torchscript"
        assert model.cost_s == pytest.approx(COSTS_S[model.model], rel=0.05)


def test_the_cost_is_that_of_a_static_format_only(sound):
    for model in sound.models:
        assert {floor.format for floor in model.floors if not floor.static} == {"keras_eager", "torch_eager"}
        assert model.formats.ratio.value == pytest.approx(TIMES["savedmodel"], rel=0.05)


def test_every_figure_is_the_analysis_own(sound, folders):
    for folder in folders:
        comparison = analyse(folder).comparison
        model = sound.model(comparison.suite.settings.model)
        for spot in model.spots:
            entry = comparison.entry(spot.named.endpoint)
            assert (spot.rank, spot.tied_above, spot.overhead) == (entry.rank, entry.tied_above, entry.overhead)
            assert spot.p50_s == entry.alone.p50_s
        for objective in ("latency", "throughput"):
            cells = {row.endpoint: row.cells[objective] for row in comparison.decision.matrix.rows}
            win = model.win(objective)
            assert cells[win.winner.endpoint].mark == "best"
            assert win.estimate == cells[win.winner.endpoint].estimate
            assert cells[win.runner_up.endpoint].mark == {"faster": "worse", "tied": "equal"}.get(
                win.outcome, "undecided"
            )


def test_a_line_stands_for_its_quickest_endpoint(sound):
    (flask,) = [line for line in sound.lines if (line.server, line.protocol) == ("flask", "rest")]
    for model, endpoint in flask.endpoints.items():
        spots = [s for s in sound.model(model).spots if s.named.line == ("flask", "rest")]
        assert endpoint == min(spots, key=lambda s: s.p50_s.value).named.endpoint


def test_the_server_matters_for_the_cheap_model_and_not_for_the_dear_one(sound):
    tiny, _, large = sound.models
    assert word(tiny.servers) == "matters"
    assert word(large.servers) == "does not matter"
    assert word(large.formats) == "matters"


def test_servers_are_set_against_one_another_with_the_same_format(sound):
    for model in sound.models:
        slowest, quickest = (model.spot(name) for name in (model.servers.slowest, model.servers.quickest))
        assert slowest.named.format == quickest.named.format
        assert model.servers.ratio.value == pytest.approx(slowest.p50_s.value / quickest.p50_s.value)
    tiny = sound.models[0].servers
    assert (tiny.slowest, tiny.quickest) == ("torchserve-torchscript-rest", "flask-torchscript-rest")
    assert tiny.ratio.value == pytest.approx((0.4 + 3.0) / (0.4 + 0.42), rel=0.03)
    assert tiny.among == 3


def test_flask_is_set_against_the_native_server_of_the_same_format(sound):
    tiny = sound.models[0]
    assert {(r.native.server, r.native.format) for r in tiny.rivals} == {
        ("torchserve", "torchscript"),
    }, "a stand-in is no rival"
    for rival in tiny.rivals:
        times = TIMES[rival.native.format] * COSTS_S["tiny_mlp"]
        truth = (times + overhead_s(rival.native.server, "rest")) / (times + overhead_s("flask", "rest"))
        assert rival.faster.value == pytest.approx(truth, rel=0.05)
        assert rival.outcome == "faster"


def test_the_payload_part_is_shown_where_it_was_measured(sound):
    found = [model.binaries for model in sound.models]
    assert [len(binaries) for binaries in found] == [1, 1, 1]
    ratios = [binaries[0].faster.value for binaries in found]
    assert ratios == pytest.approx([1.6, 1.1, 1.02], rel=0.01)
    assert {binaries[0].encoding for binaries in found} == {"raw"}


def test_what_does_not_count_takes_no_part(faulty):
    middle, large = faulty.model("middle_cnn"), faulty.model("large_net")
    for endpoint in ("flask-torchscript-rest", "torchserve-torchscript-rest"):
        assert middle.spot(endpoint).rank is None
        assert middle.spot(endpoint).problem
        assert middle.spot(endpoint).overhead is None
    lines = {(line.server, line.protocol): line for line in faulty.lines}
    assert lines["flask", "rest"].endpoints["middle_cnn"] != "flask-torchscript-rest"
    assert "middle_cnn" not in lines["torchserve", "rest"].endpoints
    assert not large.complete
    assert large.problem == "the server did not start"
    assert [absent.model for absent in faulty.absent] == ["broken_net"]


def test_a_summary_survives_its_json_whole(faulty, sound):
    for summary in (faulty, sound):
        assert Summary.model_validate_json(summary.model_dump_json()) == summary


def test_the_bound_is_a_tenth_of_the_latency():
    assert pytest.approx(0.1) == 1 - 1 / BOUND
