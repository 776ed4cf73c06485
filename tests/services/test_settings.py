from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from serveoff.services.settings import Settings, SettingsError

REQUIRED = {"SERVING_MODEL_DIR": "/models/m", "SERVING_FORMAT": "null"}
SETTINGS = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_required_settings_suffice_and_the_rest_has_defaults() -> None:
    settings = Settings.from_env(REQUIRED)
    assert settings == Settings(model_dir=Path("/models/m"), format="null")


def test_every_setting_is_read_by_its_name() -> None:
    numbers = {f.name: 7 for f in fields(Settings) if f.type == "int"}
    environ = REQUIRED | {f"SERVING_{name.upper()}": "7" for name in numbers} | {"SERVING_DEVICE": "cpu"}
    settings = Settings.from_env(environ)
    assert {name: getattr(settings, name) for name in numbers} == numbers
    assert settings.device == "cpu"


def test_an_empty_variable_means_the_default() -> None:
    assert Settings.from_env(REQUIRED | {"SERVING_WORKERS": ""}).workers == 1


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"SERVING_FORMAT": "null"}, "SERVING_MODEL_DIR is not set"),
        ({"SERVING_MODEL_DIR": "/m"}, "SERVING_FORMAT is not set"),
        (REQUIRED | {"SERVING_WORKERS": "two"}, "SERVING_WORKERS is 'two'"),
        (REQUIRED | {"SERVING_WORKERS": "0"}, "SERVING_WORKERS is 0"),
        (REQUIRED | {"SERVING_INTRA_OP_THREADS": "-1"}, "SERVING_INTRA_OP_THREADS is -1"),
        (REQUIRED | {"SERVING_DEVICE": "tpu"}, "SERVING_DEVICE is 'tpu'"),
    ],
)
def test_an_unusable_setting_is_named(environ: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Settings.from_env(environ)


def test_every_setting_is_documented_with_its_default() -> None:
    rows = SETTINGS.read_text().splitlines()
    for field in fields(Settings):
        default = {MISSING: "(required)", "": "(none)"}.get(field.default, f"`{field.default}`")
        assert any(row.startswith(f"| `SERVING_{field.name.upper()}` | {default} |") for row in rows), field.name
