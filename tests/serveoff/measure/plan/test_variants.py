import pytest

from serveoff.errors import UsageError
from serveoff.measure.plan.loads import asked_of
from serveoff.measure.plan.plan import make_plan
from serveoff.measure.plan.profiles import PROFILES
from serveoff.measure.plan.variants import Variation, check_variations, parse_variation, variations_of, vary
from serveoff.record.endpoint_results import EndpointResult
from serveoff.services.registry import read_registry, service_block

REGISTRY = read_registry(environ={})


@pytest.mark.parametrize(
    "text",
    ["workers=2,4", "batching=16@flask-*", "defaults", "threads=2@a+b", "defaults@flask-*", "precision=int8,bfloat16"],
)
def test_a_variation_is_read_as_it_is_written(text):
    assert parse_variation(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "workers",
        "workers=",
        "workers=0",
        "workers=a",
        pytest.param(f"workers={'9' * 5000}", id="more digits than Python reads"),
        "color=2",
        "defaults=1",
        "workers=2,",
        "precision=2",
        "workers=int8",
    ],
)
def test_anything_else_is_refused_with_what_there_is(text):
    with pytest.raises(UsageError, match="not a variation") as refused:
        parse_variation(text)
    assert "workers=N" in refused.value.hint


def test_every_deployment_that_serves_a_model_is_varied_and_nothing_else():
    made = vary(REGISTRY, [parse_variation("workers=2")])
    assert {d.base for d in made} == {d.service for d in REGISTRY if d.server != "inprocess" and d.format != "null"}
    assert all(d.environment["SERVING_WORKERS"] == "2" and d.variant == "workers=2" for d in made)


def test_each_precision_varies_what_computes_in_it_and_whose_server_says_so():
    made = vary(REGISTRY, [parse_variation("precision=int8,bfloat16")])
    assert {(d.base, d.precision) for d in made} == {
        ("flask-onnx", "int8"),
        ("flask-tuned-onnx", "int8"),
        *((f"flask{tuned}-torchscript", "bfloat16") for tuned in ("", "-tuned")),
        ("flask-torch-eager", "bfloat16"),
    }
    with pytest.raises(UsageError, match="no deployment to vary"):
        check_variations(REGISTRY, [parse_variation("precision=int8@torchserve-*")])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"extra": ["onnx"]}, {"flask-tuned-onnx", "flask-tuned-torchscript", "flask-torch-eager"}),
        ({"extra": ["torch_export"]}, set()),
        ({"extra": ["onnx"], "device": "cuda"}, set()),
        ({}, set()),
    ],
)
def test_a_run_that_has_onnx_on_a_cpu_measures_lower_precisions_unasked(given, expected):
    settings = PROFILES["quick"].model_copy(update=given)
    plan = make_plan(REGISTRY, [], settings, variations_of(settings))
    lower = [d for d, _ in plan.deployments if d.precision]
    assert {d.base for d in lower} == expected
    named = {endpoint.name for endpoint in plan.endpoints if endpoint.name in plan.judged_by_labels}
    assert named == {f"{base}-rest" for base in expected} | {e.name for d in lower for e in d.endpoints}


def test_a_variant_that_is_asked_for_twice_is_one():
    settings = PROFILES["quick"].model_copy(update={"extra": ["onnx"], "vary": ["precision=int8@flask-*onnx"]})
    names = [d.name for d in vary(REGISTRY, variations_of(settings)) if d.format == "onnx"]
    assert names == ["flask-onnx.precision-int8", "flask-tuned-onnx.precision-int8"]


def test_a_lower_precision_is_asked_for_batches_and_other_variants_are_not():
    settings = PROFILES["quick"].model_copy(update={"batches": [8, 32]})
    for text, batches in (("precision=int8", {1, 8, 32}), ("workers=2", {1})):
        (variant, *_) = vary(REGISTRY, [parse_variation(f"{text}@flask-tuned-onnx")])
        result = EndpointResult(endpoint="e", deployment="d", server="s", format="f", protocol="rest", payload="")
        assert {asked.load.batch for asked in asked_of(variant.endpoints[0], result, settings)} == batches


def test_a_variant_is_named_after_its_base():
    (variant,) = vary(REGISTRY, [Variation("workers", ("4",), ("flask-torchscript",))])
    (endpoint,) = variant.endpoints
    assert (endpoint.name, endpoint.base_name) == ("flask-torchscript.workers-4-rest", "flask-torchscript-rest")
    assert variant.ready_count == 1


def test_a_pattern_that_matches_nothing_is_refused():
    with pytest.raises(UsageError, match="no deployment to vary is called 'nosuch'"):
        check_variations(REGISTRY, [parse_variation("workers=2@nosuch")])


def test_a_plan_varies_the_endpoints_that_were_chosen_and_only_by_their_protocols():
    plan = make_plan(
        REGISTRY, ["torchserve-*-grpc", "flask-tuned-null"], PROFILES["quick"], [parse_variation("workers=2")]
    )
    assert [e.name for e in plan.endpoints] == [
        "torchserve-torchscript-grpc",
        "flask-tuned-null-rest",
        "torchserve-torchscript.workers-2-grpc",
    ]


def test_a_variant_of_a_container_is_its_base_with_the_variable_changed():
    variables = {"INTRA_OP_THREADS": "0", "OUT_OF_THE_BOX": "1"}
    for service in ("tfserving-savedmodel", "flask-torchscript"):
        environment = service_block(service, variables)["environment"]
        assert (environment["SERVING_INTRA_OP_THREADS"], environment["SERVING_OUT_OF_THE_BOX"]) == ("0", "1")
