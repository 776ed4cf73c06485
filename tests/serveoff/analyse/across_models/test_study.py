"""What a summary takes of each run is what the run's own report says."""

import pytest

from serveoff.analyse.across_models.summary import BOUND, Summary, effect
from serveoff.analyse.statistics.estimates import Estimate
from tests.serveoff.model_runs import COSTS_S, TIMES

FLASK, TORCHSERVE = ("flask", "rest"), ("torchserve", "rest")


def by_name(summary, name):
    return next(model for model in summary.models if model.model == name)


def changed(sound, overheads):
    """Three models whose Flask endpoint with the lowest overhead has these bounds of it."""
    models = []
    for model, (low, high) in zip(sound.models, overheads, strict=True):
        spot = model.on(FLASK)
        made = spot.model_copy(update={"overhead": Estimate((low + high) / 2, low, high, 100)})
        models.append(model.model_copy(update={"spots": (made,)}))
    return sound.model_copy(update={"models": tuple(models)})


def test_models_stand_in_the_order_of_what_they_cost(sound):
    assert [model.model for model in sound.models] == list(COSTS_S)
    for model in sound.models:
        assert model.cost_format == "torchscript"
        assert model.cost_s == pytest.approx(COSTS_S[model.model], rel=0.05)


def test_formats_are_set_against_one_another_by_the_floors_of_static_ones(sound):
    for model in sound.models:
        assert (model.formats.slowest.format, model.formats.quickest.format) == ("savedmodel", "torchscript")
        assert model.formats.ratio.value == pytest.approx(TIMES["savedmodel"], rel=0.05)


def test_every_figure_is_the_analysis_own(sound, analyses):
    for comparison in (analysis.comparison for analysis in analyses):
        model = by_name(sound, comparison.suite.settings.model)
        for spot in model.spots:
            entry = comparison.entry(spot.named.endpoint)
            assert (spot.rank, spot.tied_above, spot.overhead) == (entry.rank, entry.tied_above, entry.overhead)
            assert spot.p50_s == entry.alone.p50_s


def test_the_best_is_what_the_run_recommends(sound, analyses):
    for comparison in (analysis.comparison for analysis in analyses):
        best = by_name(sound, comparison.suite.settings.model).best
        matrix = comparison.decision.matrix
        assert best.named.endpoint == comparison.decision.recommended
        cells = matrix.row(best.named.endpoint).cells
        assert (best.p50_s, best.throughput) == (cells["latency"].estimate, cells["throughput"].estimate)
        other = matrix.row(best.runner_up.endpoint).cells["latency"]
        assert best.ahead.value == pytest.approx(other.estimate.value / best.p50_s.value)
        assert other.mark == {"faster": "worse", "tied": "equal"}.get(best.outcome, "undecided")


def test_a_server_and_protocol_is_stood_for_by_the_quickest_endpoint(sound):
    assert {by[0] for by in sound.served_by} == {"flask", "flask-tuned", "torchserve", "tfserving-embedded"}
    assert sound.served_by[0] == FLASK, "it adds least to the cheapest model"
    for model in sound.models:
        spots = [s for s in model.spots if s.named.served_by == FLASK]
        assert model.on(FLASK) == min(spots, key=lambda s: s.p50_s.value)


def test_the_server_matters_for_the_cheap_model_and_not_for_the_dear_one(sound):
    tiny, _, large = sound.models
    assert effect(tiny.servers.ratio) == "matters"
    assert effect(large.servers.ratio) == "does not matter"
    assert effect(large.formats.ratio) == "matters"


def test_servers_are_set_against_one_another_with_the_same_format(sound):
    for model in sound.models:
        assert model.servers.slowest.format == model.servers.quickest.format
        slowest, quickest = (model.spot(each.endpoint) for each in (model.servers.slowest, model.servers.quickest))
        assert model.servers.ratio.value == pytest.approx(slowest.p50_s.value / quickest.p50_s.value)
    tiny = sound.models[0].servers
    assert (tiny.slowest.endpoint, tiny.quickest.endpoint) == ("torchserve-torchscript-rest", "flask-torchscript-rest")
    assert tiny.ratio.value == pytest.approx((0.4 + 3.0) / (0.4 + 0.42), rel=0.03)


def test_the_models_between_which_a_server_stops_mattering_are_those_on_either_side(sound):
    over, under = sound.crossing(FLASK)
    assert (over.model, under.model) == ("tiny_mlp", "middle_cnn"), "0.42 ms are half of 0.82 and 8% of 5.42"
    over, under = sound.crossing(TORCHSERVE)
    assert (over.model, under.model) == ("middle_cnn", "large_net")


@pytest.mark.parametrize(
    ("overheads", "expected"),
    [
        (((2.0, 2.2), (1.3, 1.4), (1.2, 1.3)), ("large_net", None)),
        (((1.0, 1.1), (1.0, 1.05), (0.99, 1.01)), (None, "tiny_mlp")),
        (((1.2, 1.3), (1.1, 1.2), (1.0, 1.01)), ("tiny_mlp", "large_net")),
        (((1.2, 1.3), (1.0, 1.01), (1.05, 1.2)), ("tiny_mlp", None)),
        (((1.1, 1.2), (1.1, 1.2), (1.1, 1.2)), (None, None)),
    ],
)
def test_an_open_side_of_a_crossing_names_no_model(sound, overheads, expected):
    found = changed(sound, overheads).crossing(FLASK)
    assert tuple(model.model if model else None for model in found) == expected


def test_what_does_not_count_takes_no_part(faulty):
    middle, large = by_name(faulty, "middle_cnn"), by_name(faulty, "large_net")
    for endpoint in ("flask-torchscript-rest", "torchserve-torchscript-rest"):
        assert middle.spot(endpoint).rank is None
        assert middle.spot(endpoint).problem
        assert middle.spot(endpoint).overhead is None
    assert middle.on(FLASK).named.endpoint != "flask-torchscript-rest"
    assert middle.on(TORCHSERVE) is None
    assert not large.complete
    assert large.problem == "the server did not start"
    assert [absent.model for absent in faulty.absent] == ["broken_net"]


def test_a_summary_survives_its_json_whole(faulty, sound):
    for summary in (faulty, sound):
        assert Summary.model_validate_json(summary.model_dump_json()) == summary


def test_the_bound_is_a_tenth_of_the_latency():
    assert pytest.approx(0.1) == 1 - 1 / BOUND
