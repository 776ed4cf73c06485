"""What loads the servers: the comparison attaches to all of them, and Locust's workers find their master."""

from itertools import pairwise

import typer.main

from serveoff.cli.app import app
from serveoff.measure.attached.urls import named_once, parse_url, split
from serveoff.services.registry import read_registry
from tests.serveoff.manifests.written import find, pods, read, write


def comparison(objects):
    return find(objects, "Job", "compare")["spec"]["template"]["spec"]


def values(arguments, option):
    return [after for word, after in pairwise(arguments) if word == option]


def test_the_comparison_attaches_to_every_endpoint_by_its_services_name(tmp_path):
    objects = write(tmp_path, "tfserving-savedmodel", "torchserve-*", "flask-tuned-torchscript")
    arguments = comparison(objects)["containers"][0]["args"]
    assert arguments[:3] == ["run", "--model", "digits_cnn"]
    assert values(arguments, "--url") == [
        "k8s-tfserving-savedmodel-rest=http://tfserving-savedmodel:8501/v1/models/digits_cnn",
        "k8s-tfserving-savedmodel-grpc=grpc://tfserving-savedmodel:8500/digits_cnn",
        "k8s-torchserve-torchscript-rest=http://torchserve-torchscript:8501/v1/models/digits_cnn",
        "k8s-torchserve-torchscript-grpc=torchserve+grpc://torchserve-torchscript:8500/digits_cnn",
        "k8s-flask-tuned-torchscript-rest=http://flask-tuned-torchscript:8501/v1/models/digits_cnn",
    ]
    assert values(arguments, "--yes-i-may-load") == [
        "tfserving-savedmodel",
        "torchserve-torchscript",
        "flask-tuned-torchscript",
    ]


def test_run_takes_what_the_job_says(base):
    command, *arguments = comparison(read(base))["containers"][0]["args"]
    run = typer.main.get_command(app).commands[command]
    given = run.make_context(command, arguments).params
    attached = list(named_once([parse_url(text) for text in given["url"]]))
    assert {split(endpoint.url).hostname for endpoint in attached} == set(given["yes_i_may_load"])
    assert {endpoint.dialect for endpoint in attached} == {"tfserving", "grpc_tfserving", "grpc_torchserve"}
    ours = {endpoint.name for deployment in read_registry() for endpoint in deployment.endpoints}
    assert {endpoint.name for endpoint in attached} & ours == set()


def test_a_pattern_of_endpoints_chooses_what_is_compared(tmp_path):
    objects = write(tmp_path, "*-grpc")
    arguments = comparison(objects)["containers"][0]["args"]
    assert len(values(arguments, "--url")) == 3
    assert all("grpc://" in url for url in values(arguments, "--url"))
    assert {p["name"] for p in find(objects, "Service", "tfserving-savedmodel")["spec"]["ports"]} == {"rest", "grpc"}


def test_one_endpoint_is_served_and_not_compared(tmp_path):
    objects = write(tmp_path, "flask-torchscript")
    assert [o for o in objects if o["kind"] == "Job"] == []


def test_the_comparison_starts_once_and_when_every_server_is_ready(base):
    job = find(read(base), "Job", "compare")
    assert job["spec"]["backoffLimit"] == 0
    pod = comparison(read(base))
    assert pod["restartPolicy"] == "Never"
    waits = pod["initContainers"][-1]["command"][-1]
    for url in values(pod["containers"][0]["args"], "--url"):
        host, port = url.partition("://")[2].partition("/")[0].split(":")
        assert f"/dev/tcp/{host}/{port})" in waits


def test_every_host_that_is_attached_to_is_a_service_with_that_port(base):
    objects = read(base)
    for url in values(comparison(objects)["containers"][0]["args"], "--url"):
        host, port = url.partition("://")[2].partition("/")[0].split(":")
        assert int(port) in [p["port"] for p in find(objects, "Service", host)["spec"]["ports"]]


def test_locusts_workers_find_their_master_and_all_find_the_servers(base):
    objects = read(base)
    found = pods(objects)
    worker, master = found["locust-worker"]["containers"][0], found["locust-master"]["containers"][0]
    host = values(worker["args"], "--master-host")
    assert host == ["locust-master"]
    assert "--worker" in worker["args"]
    assert "--master" in master["args"]
    assert {p["port"] for p in find(objects, "Service", *host)["spec"]["ports"]} == {8089, 5557}
    env = {entry["name"]: entry["value"] for entry in master["env"]}
    assert env["SERVEOFF_NETWORK"] == "compose", "Services are called as Compose's services are"
    assert "serving.server" in find(objects, "ConfigMap", "serveoff-files")["data"]["docker-compose.yml"]
    assert find(objects, "Deployment", "locust-worker")["spec"]["replicas"] == 2


def test_the_names_that_locust_looks_for_are_those_of_the_services(base):
    objects = read(base)
    services = {o["metadata"]["name"]: o["spec"]["ports"] for o in objects if o["kind"] == "Service"}
    for deployment in read_registry():
        for protocol in deployment.protocols if deployment.service in services else ():
            assert deployment.ports[protocol] in [port["port"] for port in services[deployment.service]]
