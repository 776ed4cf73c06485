"""Which services images are built by; no engine is needed for it."""

import re

import pytest
import yaml
from rich.console import Console

from serveoff.measure.runtimes import Preparation
from serveoff.measure.runtimes.containers.stack import builders, planned_services
from serveoff.models.spec import REPOSITORY
from serveoff.services.registry import service_block

FILES = {"COMPOSE_FILE": "docker-compose.yml:docker-compose.embedded.yml"}
SERVICES = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]


def test_every_image_is_built_by_one_service_for_a_run_and_for_a_stack_by_hand():
    built = builders({name: service_block(name, FILES) for name in SERVICES})
    assert built["serveoff/flaskrest-tensorflow"] == "flask-frozen-graph"
    (by_hand,) = re.findall(r"^IMAGE_SERVICES := (.+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert sorted(built.values()) == sorted(by_hand.split())


@pytest.mark.parametrize(
    ("pattern", "floor"),
    [
        ("torchserve-*", "inprocess-torchscript"),
        ("tfserving-frozen-*", "inprocess-frozen-graph"),
        ("*-null", "inprocess"),
    ],
)
def test_a_floor_is_there_to_answer_what_the_load_sends(pattern, floor):
    planned = planned_services(Preparation("digits_cnn", (pattern,), "cpu", Console(quiet=True)))
    assert planned[-1].startswith(floor)
