from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from serveoff.services.tfserving.embedded.repository import Repository, Retries
from serveoff.services.tfserving.embedded.servable import SessionOptions, load
from serveoff.services.tfserving.embedded.versions import ModelConfig
from tests.services.tfserving.model_server import ModelServer, running
from tests.services.tfserving.saved_models import half_plus, several


@pytest.fixture(scope="session")
def half_plus_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base path with the one version 123."""
    base = tmp_path_factory.mktemp("half_plus_two")
    half_plus(2.0, base / "00000123")
    return base


@pytest.fixture(scope="session")
def half_plus_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("half_plus_three")
    half_plus(3.0, base / "00000123")
    return base


@pytest.fixture(scope="session")
def several_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base path with versions 1, 2 and 10, and a folder that is no version."""
    base = tmp_path_factory.mktemp("several")
    for version in (1, 2, 10):
        several(version, base / str(version))
    (base / "notes").mkdir()
    return base


@pytest.fixture(scope="session")
def repository(half_plus_two: Path, several_versions: Path) -> Repository:
    """Two of the models, loaded in this process."""
    loaded = Repository(partial(load, options=SessionOptions()), Retries())
    loaded.reload([ModelConfig("default", half_plus_two), ModelConfig("several", several_versions)])
    return loaded


@pytest.fixture(scope="session")
def all_models(
    tmp_path_factory: pytest.TempPathFactory, half_plus_two: Path, half_plus_three: Path, several_versions: Path
) -> Iterator[ModelServer]:
    """One server with three models by a config file: two policies, labels, metrics."""
    folder = tmp_path_factory.mktemp("all_models")
    config = folder / "models.config"
    config.write_text(f"""
        model_config_list {{
          config {{ name: "default" base_path: "{half_plus_two}" model_platform: "tensorflow" }}
          config {{ name: "half_plus_three" base_path: "{half_plus_three}" model_platform: "tensorflow" }}
          config {{
            name: "several" base_path: "{several_versions}" model_platform: "tensorflow"
            model_version_policy {{ specific {{ versions: 2 versions: 10 }} }}
            version_labels {{ key: "stable" value: 2 }}
          }}
        }}
    """)
    monitoring = folder / "monitoring.config"
    monitoring.write_text("prometheus_config { enable: true }")
    with running(
        folder,
        f"--model_config_file={config}",
        f"--monitoring_config_file={monitoring}",
        "--allow_version_labels_for_unavailable_models=true",
        f"--grpc_socket_path={folder / 'grpc.sock'}",
        "--grpc_channel_arguments=grpc.max_connection_age_ms=200000,grpc.lb_policy_name=grpclb",
    ) as server:
        yield server
