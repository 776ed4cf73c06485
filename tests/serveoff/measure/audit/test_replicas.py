"""What one more replica takes is counted in the files of Compose."""

from serveoff.measure.audit.replicas import replication
from serveoff.measure.plan.plan import find_deployment
from serveoff.measure.plan.variants import parse_variation, vary
from serveoff.services.registry import COMPOSE_FILE, read_registry

REGISTRY = read_registry(environ={})


def counted(name):
    found = replication(find_deployment(REGISTRY, name))
    return found.by_setting, found.lines


def test_servers_that_read_the_setting_need_its_line():
    for name in ("flask-torchscript", "flask-frozen-graph", "torchserve-torchscript"):
        assert counted(name) == (True, 1)


def test_a_server_whose_workers_are_threads_needs_another_service():
    after = COMPOSE_FILE.read_text().split("\n  tfserving-frozen-graph:\n")[1]
    written = after.split("\n  torchserve-torchscript:\n")[0].splitlines()
    assert counted("tfserving-frozen-graph") == (False, 1 + sum(bool(line.strip()) for line in written))


def test_files_over_the_first_are_read_as_compose_reads_them(monkeypatch):
    monkeypatch.setenv("COMPOSE_FILE", "docker-compose.yml:docker-compose.embedded.yml")
    registry = read_registry()
    assert not replication(find_deployment(registry, "tfserving-embedded-savedmodel")).by_setting


def test_floors_the_null_service_and_variants_have_no_replicas_to_count():
    (variant,) = vary([find_deployment(REGISTRY, "flask-savedmodel")], [parse_variation("workers=2")])
    others = [find_deployment(REGISTRY, name) for name in ("inprocess-savedmodel", "flask-tuned-null")]
    assert [replication(deployment) for deployment in (variant, *others)] == [None, None, None]
