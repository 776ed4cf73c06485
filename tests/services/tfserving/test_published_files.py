"""The files in services/tfserving/config are what TensorFlow Serving reads: checked against its own definitions."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serveoff.models.spec import REPOSITORY
from serveoff.services.tfserving.embedded import config
from serveoff.services.tfserving.embedded.flags import parse as parse_flags
from serveoff.services.tfserving.launcher import BASE_PATHS, CONFIG
from tests.services.tfserving import published
from tests.services.tfserving.model_server import in_process

NAMES = {"savedmodel": "digits_cnn", "frozen_graph": "digits_cnn_frozen_graph"}


def text(name: str) -> str:
    return (CONFIG / name).read_text()


def described(descriptor) -> list[tuple[str, int, int, bool, str]]:
    """Each field of a message: name, number, type, repeated, and the name of a message's type."""
    return [
        (f.name, f.number, f.type, f.is_repeated, f.message_type.name if f.message_type else "")
        for f in descriptor.fields
    ]


@pytest.mark.parametrize("message", published.MESSAGES)
def test_what_the_embedded_server_reads_is_what_tensorflow_serving_publishes(message):
    ours, theirs = config.MESSAGES[message].DESCRIPTOR, published.parse(message, "").DESCRIPTOR
    assert described(ours) == described(theirs)


def test_monitoring_is_on_where_prometheus_looks_for_it():
    message = published.parse("MonitoringConfig", text("monitoring.config"))
    assert message.prometheus_config.enable
    scraped = (REPOSITORY / "observability" / "prometheus.yml").read_text()
    assert f"metrics_path: {message.prometheus_config.path}\n" in scraped
    flags = parse_flags(["--model_base_path=/m", f"--monitoring_config_file={CONFIG / 'monitoring.config'}"])
    assert config.prometheus_path(flags) == message.prometheus_config.path


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("BatchingParameters", "max_batch_size: 16"),
        ("BatchingParameters", "batch_timeout { value: 1 }"),
        ("MonitoringConfig", "enable: true"),
    ],
)
def test_a_mistake_in_a_file_would_be_found(message, wrong):
    with pytest.raises(text_format.ParseError):
        published.parse(message, wrong)


def test_models_names_every_format_that_tensorflow_serving_can_serve():
    message = text_format.Parse(text("models.config"), ModelServerConfig())
    models = {model.name: model.base_path for model in message.model_config_list.config}
    assert models == {NAMES[format]: f"/models/digits_cnn/{base_path}" for format, base_path in BASE_PATHS.items()}
    assert len(config.model_configs(message)) == len(BASE_PATHS)


@pytest.mark.slow
def test_one_server_serves_both_formats_by_the_two_files(model_dir, golden, tmp_path):
    models = tmp_path / "models.config"
    models.write_text(text("models.config").replace("/models/digits_cnn/", f"{Path(model_dir).absolute()}/"))
    flags = [
        f"--model_config_file={models}",
        f"--monitoring_config_file={CONFIG / 'monitoring.config'}",
    ]
    body = {"instances": golden.inputs["image"][:3].tolist()}
    with in_process(*flags) as server:
        answers = [server.post(f"/v1/models/{name}:predict", body) for name in NAMES.values()]
    for status, answer in answers:
        assert status == 200
        assert [max(range(10), key=row.__getitem__) for row in answer["predictions"]] == list(golden.labels[:3])
