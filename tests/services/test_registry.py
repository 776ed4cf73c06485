import pytest

from serveoff.loadtests.payloads import others_of
from serveoff.models.spec import FORMATS
from serveoff.services.registry import COMPOSE_FILE, RegistryError, read_registry, service_block


@pytest.fixture(scope="module")
def registry():
    return read_registry(environ={})


def test_the_registry_has_the_fourteen_endpoints_four_further_ones_all_floors_and_null(registry):
    endpoints = {e.name for d in registry for e in d.endpoints}
    served = {name for name in endpoints if not name.startswith("inprocess-") and "null" not in name}
    further = {"flask-onnx", "flask-tuned-onnx", "flask-torch-export", "flask-tuned-torch-export"}
    assert {d.name for d in registry if d.extra and d.server != "inprocess"} == further
    assert len(served - {f"{name}-rest" for name in further}) == 14
    assert {d.format for d in registry if d.server == "inprocess"} == set(FORMATS)
    assert "flask-tuned-null-rest" in endpoints


def test_endpoint_names_are_unique(registry):
    names = [e.name for d in registry for e in d.endpoints]
    assert len(names) == len(set(names))


def test_the_two_flasks_have_names_that_tell_them_apart(registry):
    """`flask` is what people deploy and serves every format; the tuned one serves what is static, and the null."""
    formats = {server: {d.format for d in registry if d.server == server} for server in ("flask", "flask-tuned")}
    assert formats["flask"] == set(FORMATS)
    assert formats["flask-tuned"] == {*FORMATS, "null"} - {"keras_eager", "torch_eager"}
    assert {d.launcher.rpartition(".")[2] for d in registry if d.server == "flask"} == {"flaskapp"}
    assert not any(d.batches for d in registry if d.server == "flask")


def test_every_published_port_is_bound_to_loopback_and_unique(registry):
    ports = [port for d in registry for port in d.published.values()]
    assert len(ports) == len(set(ports))
    for line in COMPOSE_FILE.read_text().splitlines():
        if line.strip().startswith("ports:"):
            assert line.count("${BIND:-127.0.0.1}:") == line.count('"') / 2


def test_every_served_deployment_says_how_it_is_ready(registry):
    for d in registry:
        if d.server != "inprocess":
            assert d.ready.partition("/")[0] in d.ports
            assert d.ready_match


def test_every_page_of_counters_is_on_a_port_that_the_deployment_has(registry):
    counted = {d.name: d.counters.partition("/")[0] for d in registry if d.counters}
    assert set(counted) == {"tfserving-savedmodel", "tfserving-frozen-graph", "torchserve-torchscript"}
    assert all(port in d.ports for d in registry if (port := counted.get(d.name)))


def test_every_grpc_endpoint_names_its_api(registry):
    for d in registry:
        assert bool(d.grpc_api) == ("grpc" in d.protocols)


def test_variables_are_filled_in_from_the_environment():
    registry = read_registry(environ={"MODEL": "other", "WORKERS": "3"})
    flask = next(d for d in registry if d.name == "flask-torchscript")
    assert flask.model == "other"
    assert flask.environment["SERVING_WORKERS"] == "3"


def test_the_files_of_compose_go_over_one_another(tmp_path):
    base = tmp_path / "base.yml"
    base.write_text(
        """
services:
  one:
    environment: {A: "1", B: "2"}
    labels: {serving.server: flask, serving.format: savedmodel, serving.model: m, serving.protocols: rest,
             serving.launcher: x}
"""
    )
    over = tmp_path / "over.yml"
    over.write_text('services: {one: {environment: {B: "3"}, labels: {serving.server: other, serving.name: stand-in}}}')
    (deployment,) = read_registry(base, over, environ={})
    assert (deployment.service, deployment.name, deployment.server) == ("one", "stand-in", "other")
    assert deployment.environment == {"A": "1", "B": "3"}


def test_the_embedded_override_renames_what_stands_in_for_tensorflow_serving(registry):
    stand_ins = read_registry(environ={"COMPOSE_FILE": "docker-compose.yml:docker-compose.embedded.yml"})
    assert [d.service for d in stand_ins] == [d.service for d in registry]
    changed = {d.service: (d.name, d.server) for d in stand_ins if d not in registry}
    assert changed == {
        "tfserving-savedmodel": ("tfserving-embedded-savedmodel", "tfserving-embedded"),
        "tfserving-frozen-graph": ("tfserving-embedded-frozen-graph", "tfserving-embedded"),
    }


def test_settings_are_equal_for_all_deployments(registry):
    own = {"SERVING_FORMAT", "SERVING_WORK_DIR", "SERVING_BASE_PATH"}
    ports = {f"SERVING_{name}_PORT" for name in ("REST", "GRPC", "MANAGEMENT", "METRICS")}
    shared = [{k: v for k, v in d.environment.items() if k not in own | ports} for d in registry]
    assert all(settings == shared[0] for settings in shared)


def test_a_block_without_a_needed_label_is_named(tmp_path):
    file = tmp_path / "docker-compose.yml"
    file.write_text("services: {mine: {labels: {serving.server: flask}}}")
    with pytest.raises(RegistryError, match="service mine: label missing or not usable: 'format'"):
        read_registry(file)


def test_a_file_that_is_no_registry_is_named(tmp_path):
    file = tmp_path / "docker-compose.yml"
    file.write_text("- not: [a, mapping")
    with pytest.raises(RegistryError, match="cannot read the registry"):
        read_registry(file)


def test_an_override_s_volumes_are_added_as_compose_adds_them(tmp_path):
    over = tmp_path / "over.yml"
    over.write_text("services: {flask-tuned-null: {volumes: ['/data:/data:ro']}}")
    base = service_block("flask-tuned-null", {})
    merged = service_block("flask-tuned-null", {"COMPOSE_FILE": f"docker-compose.yml:{over}"})
    assert merged["volumes"] == [*base["volumes"], "/data:/data:ro"]


def test_image_files_are_a_payload_of_models_that_take_images_only():
    for model, files in (("digits_cnn", ()), ("resnet50", ("json_jpeg", "json_png", "image_jpeg", "image_png"))):
        (flask,) = (d for d in read_registry(environ={"MODEL": model}) if d.service == "flask-tuned-torchscript")
        assert others_of(flask.endpoints[0]) == ("json_base64", "raw_tensor", *files)
