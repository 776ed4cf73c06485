from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serveoff.services.tfserving.embedded import config
from serveoff.services.tfserving.embedded.errors import ServingError
from serveoff.services.tfserving.embedded.flags import parse
from serveoff.services.tfserving.embedded.versions import ModelConfig, VersionPolicy

BATCHING = ["--model_base_path=/m", "--enable_batching"]


def models(text):
    message = text_format.Parse(f"model_config_list {{ {text} }}", ModelServerConfig())
    return config.model_configs(message)


def test_one_model_by_flags():
    message = config.model_server_config(parse(["--model_name=m", "--model_base_path=/m"]))
    assert config.model_configs(message) == [ModelConfig("m", Path("/m"))]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", VersionPolicy(latest=1)),
        ("model_version_policy { latest { num_versions: 3 } }", VersionPolicy(latest=3)),
        ("model_version_policy { latest { } }", VersionPolicy(latest=1)),
        ("model_version_policy { all { } }", VersionPolicy(latest=None)),
        ("model_version_policy { specific { versions: [2, 5] } }", VersionPolicy(None, frozenset({2, 5}))),
    ],
)
def test_policies(policy, expected):
    (model,) = models(f'config {{ name: "m" base_path: "/m" model_platform: "tensorflow" {policy} }}')
    assert model.policy == expected


def test_labels():
    (model,) = models(
        'config { name: "m" base_path: "/m" model_type: TENSORFLOW version_labels { key: "stable" value: 4 } }'
    )
    assert model.labels == (("stable", 4),)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('config { name: "m" base_path: "/m" }', "Illegal setting neither ModelServerConfig::model_type"),
        ('config { name: "m" model_platform: "caffe" }', "Model m requests unsupported platform caffe"),
        ('config { name: "m" model_platform: "tensorflow" model_type: TENSORFLOW }', "Illegal setting both"),
        (
            'config { name: "m" model_platform: "tensorflow" } config { name: "m" model_platform: "tensorflow" }',
            "Illegal to list model m multiple times in config list",
        ),
    ],
)
def test_refused_models(text, error):
    with pytest.raises(ServingError, match=error):
        models(text)


def test_missing_config_file(tmp_path):
    with pytest.raises(ServingError, match="No such file"):
        config.model_server_config(parse([f"--model_config_file={tmp_path / 'none'}"]))


def test_batching_is_off_by_default():
    assert config.batching_parameters(parse(["--model_base_path=/m"]), cpus=2) is None


def test_batching_defaults():
    assert config.batching_parameters(parse(BATCHING), cpus=2) == config.BatchingParameters(num_batch_threads=2)


def test_batching_parameters(tmp_path):
    path = tmp_path / "batching.pbtxt"
    path.write_text(
        "max_batch_size { value: 8 } batch_timeout_micros { value: 1500 } num_batch_threads { value: 3 }\n"
        'max_enqueued_batches { value: 4 } thread_pool_name { value: "pool" } allowed_batch_sizes: [2, 8]\n'
    )
    parameters = config.batching_parameters(parse([*BATCHING, f"--batching_parameters_file={path}"]), cpus=2)
    assert parameters == config.BatchingParameters(8, 0.0015, 3, 4, (2, 8))


@pytest.mark.parametrize(
    "text", ["max_batch_size: 8", "nonsense", "max_batch_size { value: 8 } allowed_batch_sizes: 4"]
)
def test_refused_batching_parameters(tmp_path, text):
    path = tmp_path / "batching.pbtxt"
    path.write_text(text)
    with pytest.raises(ServingError):
        config.batching_parameters(parse([*BATCHING, f"--batching_parameters_file={path}"]), cpus=2)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ('prometheus_config { enable: true path: "/metrics" }', "/metrics"),
        ("prometheus_config { enable: false }", None),
        ("", None),
    ],
)
def test_monitoring(tmp_path, text, path):
    file = tmp_path / "monitoring.config"
    file.write_text(text)
    flags = parse(["--model_base_path=/m", f"--monitoring_config_file={file}"])
    assert config.prometheus_path(flags) == path
