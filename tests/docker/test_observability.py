"""Prometheus and Grafana: their files, by their own tools, against real servers of every kind.

Their images are not needed: Debian's `prometheus` and `promtool` read the same files, and Grafana's own model of a
dashboard is a Python package.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from serveoff.measure.readiness import wait_ready
from serveoff.measure.runtimes.cpus import CpuPlan
from serveoff.measure.runtimes.local import LocalRuntime
from serveoff.measure.runtimes.loopback_ports import free_port
from serveoff.models.spec import REPOSITORY
from serveoff.services.registry import read_registry
from tests.bad_inputs import GOOD, Case, send
from tests.waiting import wait_until

OBSERVABILITY = REPOSITORY / "observability"
DASHBOARD = json.loads((OBSERVABILITY / "grafana" / "dashboards" / "serveoff.json").read_text())
COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
QUERIES = [
    (f"{panel['title']} {target['refId']}", target["expr"])
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]
STAND_IN = {"COMPOSE_FILE": "docker-compose.yml:docker-compose.embedded.yml"}
STARTED = ("flask-tuned-torchscript", "torchserve-torchscript", "tfserving-embedded-savedmodel")
"""One deployment of each kind of server."""
BAD = Case("bad", (400,), b"{}")
METRIC = re.compile(r"(?<![\w$\"'])[a-zA-Z_:][\w:]*(?=[{\[])")
SCRAPES = 8


def targets(stand_in=False):
    """Every target that is scraped: its address and its labels; as the embedded override mounts them, or without."""
    files = {path.stem: path for path in (OBSERVABILITY / "targets").glob("*.yml")}
    files |= {"tfserving": OBSERVABILITY / "tfserving-embedded.yml"} if stand_in else {}
    groups = [group for path in files.values() for group in yaml.safe_load(path.read_text())]
    return {address: group["labels"] for group in groups for address in group["targets"]}


def installed(tool):
    if not shutil.which(tool):
        pytest.skip(f"SKIPPED LOUDLY: {tool} is not installed (apt-get install prometheus)")
    return tool


def test_prometheus_accepts_its_configuration():
    command = [installed("promtool"), "check", "config", str(OBSERVABILITY / "prometheus.yml")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("environ", [{}, STAND_IN], ids=["official", "embedded"])
def test_every_deployment_of_the_stack_is_scraped_under_its_own_name(environ):
    served = [d for d in read_registry(environ=environ) if d.server not in ("inprocess", "flask") and not d.extra]
    expected = {
        f"{d.service}:{d.ports.get('metrics', d.ports['rest'])}": {
            "deployment": d.name,
            "server": d.server,
            "format": d.format,
        }
        for d in served
    }
    assert targets(stand_in=bool(environ)) == expected


def relabelled(rules, name):
    """The labels that these rules of Prometheus give to a target that was found by this name."""
    labels = {"__meta_dns_name": name}
    for rule in rules:
        value = ";".join(labels.get(label, "") for label in rule.get("source_labels", []))
        if found := re.fullmatch(rule.get("regex", "(.*)"), value):
            labels[rule["target_label"]] = re.sub(r"\$(\d)", lambda m: found[int(m[1])], rule.get("replacement", "$1"))
    return {label: value for label, value in labels.items() if not label.startswith("__")}


def test_every_format_on_request_is_scraped_where_it_is_there():
    jobs = yaml.safe_load((OBSERVABILITY / "prometheus.yml").read_text())["scrape_configs"]
    (extra,) = (job for job in jobs if "dns_sd_configs" in job)
    (lookup,) = extra["dns_sd_configs"]
    served = [d for d in read_registry(environ={}) if d.server == "flask-tuned" and d.extra]
    assert {name: relabelled(extra["relabel_configs"], name) for name in lookup["names"]} == {
        d.service: {
            "deployment": d.name,
            "server": d.server,
            "format": d.format,
            "instance": f"{d.service}:{d.ports['rest']}",
        }
        for d in served
    }
    assert {lookup["port"]} == {d.ports["rest"] for d in served}


def mounts(service, files=("docker-compose.yml",)):
    """Where the container has what of the repository."""
    blocks = [yaml.safe_load((REPOSITORY / file).read_text())["services"].get(service, {}) for file in files]
    volumes = [volume for block in blocks for volume in block.get("volumes", [])]
    return {v["target"]: REPOSITORY / v["source"] for v in volumes if isinstance(v, dict) and v["type"] == "bind"}


def test_the_containers_have_every_file_where_it_is_looked_for():
    prometheus = mounts("prometheus", ("docker-compose.yml", "docker-compose.embedded.yml"))
    assert prometheus["/etc/prometheus/prometheus.yml"] == OBSERVABILITY / "prometheus.yml"
    assert prometheus["/etc/prometheus/targets"] == OBSERVABILITY / "targets"
    assert prometheus["/etc/prometheus/targets/tfserving.yml"] == OBSERVABILITY / "tfserving-embedded.yml"
    grafana = mounts("grafana")
    assert all(path.exists() for path in (*prometheus.values(), *grafana.values()))
    (provider,) = yaml.safe_load((grafana["/etc/grafana/provisioning"] / "dashboards" / "serveoff.yml").read_text())[
        "providers"
    ]
    home = COMPOSE["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.startswith(provider["options"]["path"])
    assert (grafana[provider["options"]["path"]] / Path(home).name).is_file()


def test_the_dashboard_reads_from_the_provisioned_prometheus():
    provisioned = OBSERVABILITY / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
    (source,) = yaml.safe_load(provisioned.read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert re.findall(r"9090", str(COMPOSE["prometheus"]["ports"]))
    used = re.findall(r'"uid": "([^"]+)"', json.dumps(DASHBOARD).replace(DASHBOARD["uid"], ""))
    assert set(used) - {""} == {source["uid"]}


def missing(given, understood, path=""):
    """What is in the file and not in what Grafana's model made of it, by its path."""
    if isinstance(given, dict):
        if not isinstance(understood, dict):
            return [path]
        lost = [f"{path}.{key}" for key in given if key not in understood and given[key] is not None]
        return lost + [
            m for key in given if key in understood for m in missing(given[key], understood[key], f"{path}.{key}")
        ]
    if isinstance(given, list):
        if not isinstance(understood, list) or len(given) != len(understood):
            return [path]
        return [
            m for i, (a, b) in enumerate(zip(given, understood, strict=True)) for m in missing(a, b, f"{path}[{i}]")
        ]
    return [] if given == understood else [f"{path}: {given!r} became {understood!r}"]


def test_grafanas_own_model_understands_all_of_the_dashboard():
    register_default_plugins()
    understood = json.loads(JSONEncoder().encode(Dashboard.from_json(DASHBOARD)))
    assert missing(DASHBOARD, understood) == []
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


@pytest.fixture(scope="module")
def program():
    """Debian's Prometheus, which is asked for before a server is started."""
    return installed("prometheus")


@pytest.fixture(scope="module")
def servers(program, model_dir, tmp_path_factory):
    """One server of each kind, as the local runtime starts it."""
    settings = {"SERVING_MODEL": "digits_cnn", "SERVING_DEVICE": "cpu"}
    runtime = LocalRuntime(CpuPlan((), ()), tmp_path_factory.mktemp("servers"), settings)
    wanted = {d.name.replace("tfserving", "tfserving-embedded"): d for d in read_registry(environ={})}
    started = {}
    try:
        for name in STARTED:
            started[name] = runtime.start(runtime.resolve(wanted[name])[0])
        for server in started.values():
            wait_ready(server)
        yield started
    finally:
        for server in started.values():
            server.stop()


def configure(folder, servers, port):
    """The repository's own files, with this machine's addresses and quicker scrapes."""
    shutil.copytree(OBSERVABILITY / "targets", folder / "targets")
    shutil.copy(OBSERVABILITY / "tfserving-embedded.yml", folder / "targets" / "tfserving.yml")
    for path in (folder / "targets").glob("*.yml"):
        groups = [g for g in yaml.safe_load(path.read_text()) if g["labels"]["deployment"] in servers]
        for group in groups:
            addresses = servers[group["labels"]["deployment"]].addresses
            group["targets"] = [addresses.get("metrics", addresses["rest"])]
        path.write_text(yaml.safe_dump(groups))
    text = (OBSERVABILITY / "prometheus.yml").read_text()
    quick = re.sub(r"(scrape_interval|scrape_timeout): \d+s", r"\1: 500ms", text)
    (folder / "prometheus.yml").write_text(quick.replace("127.0.0.1:9090", f"127.0.0.1:{port}"))


@pytest.fixture(scope="module")
def prometheus(program, servers, tmp_path_factory):
    """A Prometheus, which has scraped the servers for a while, with requests good and bad all along."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    configure(folder, servers, port)
    storage = f"--storage.tsdb.path={folder / 'data'}"
    listen = f"--web.listen-address=127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        command = [program, f"--config.file={folder / 'prometheus.yml'}", storage, listen]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        done = threading.Event()
        clients = [threading.Thread(target=ask, args=(server, done)) for server in servers.values()]
        for client in clients:
            client.start()
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: fewest_scrapes(url) >= SCRAPES, "every server was scraped several times")
        finally:
            done.set()
        for client in clients:
            client.join()
        assert process.poll() is None, (folder / "log").read_text()
        yield url
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(server, done):
    host, port = server.addresses["rest"].split(":")
    while not done.wait(0.02):
        for case in (GOOD, GOOD, BAD):
            send(host, int(port), case)


def fewest_scrapes(prometheus):
    """Of the targets, how often the one that was scraped least was up; 0 while Prometheus does not answer."""
    try:
        scraped = get(prometheus, "query", query="sum_over_time(up[10m])")["result"]
    except OSError:
        return 0
    return min(float(series["value"][1]) for series in scraped) if len(scraped) > len(STARTED) else 0


def get(prometheus, path, **parameters):
    """What Prometheus answers; it says `success` also where it found nothing."""
    url = f"{prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        document = json.load(answer)
    assert document["status"] == "success", document
    return document["data"]


@pytest.mark.slow
def test_every_server_is_up_under_its_labels(prometheus):
    active = {t["labels"].get("deployment"): t for t in get(prometheus, "targets", state="active")["activeTargets"]}
    assert set(active) == {*STARTED, None}  # and Prometheus itself
    assert {t["health"] for t in active.values()} == {"up"}, [t["lastError"] for t in active.values()]
    for name in STARTED:
        assert {"deployment", "server", "format", "job"} <= set(active[name]["labels"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("deployment", "metric"),
    [
        ("flask-tuned-torchscript", "inference_requests_total"),
        ("flask-tuned-torchscript", "inference_request_duration_seconds_bucket"),
        ("flask-tuned-torchscript", "process_resident_memory_bytes"),
        ("torchserve-torchscript", "ts_inference_requests_total"),
        ("torchserve-torchscript", "ts_queue_latency_microseconds"),
        ("tfserving-embedded-savedmodel", ":tensorflow:serving:request_count"),
        ("tfserving-embedded-savedmodel", ":tensorflow:serving:request_latency_bucket"),
        ("tfserving-embedded-savedmodel", "process_resident_memory_bytes"),
    ],
)
def test_what_a_server_tells_arrives(prometheus, deployment, metric):
    found = get(prometheus, "query", query=f'{metric}{{deployment="{deployment}"}}')["result"]
    assert max(float(series["value"][1]) for series in found) > 0
    assert not [label for series in found for label in series["metric"] if label.startswith("exported_")]


@pytest.mark.slow
@pytest.mark.parametrize(("panel", "query"), QUERIES, ids=[name for name, _ in QUERIES])
def test_every_panel_shows_something_that_the_servers_truly_tell(prometheus, panel, query):
    # With its declarations: TorchServe declares Requests5XX, and counts it from the first failure on.
    known = {*get(prometheus, "label/__name__/values"), *get(prometheus, "metadata")}
    named = set(METRIC.findall(query))
    assert named
    assert named <= known
    result = get(prometheus, "query", query=query.replace("$deployment", ".+").replace("$__rate_interval", "5s"))[
        "result"
    ]
    if "Requests5XX" not in query:  # none of them failed
        assert result, f"{panel} is empty"
    for series in result:
        assert series["metric"]["deployment"] in STARTED


@pytest.mark.slow
def test_the_panels_of_requests_and_errors_show_every_server(prometheus):
    for title in ("Requests per second", "Errors per second"):
        (panel,) = (panel for panel in DASHBOARD["panels"] if panel["title"] == title)
        shown = set()
        for target in panel["targets"]:
            query = target["expr"].replace("$deployment", ".+").replace("$__rate_interval", "1m")
            found = get(prometheus, "query", query=query)["result"]
            shown |= {series["metric"]["deployment"] for series in found if float(series["value"][1]) > 0}
        assert shown == set(STARTED), title


@pytest.mark.slow
def test_the_choice_of_deployments_is_of_those_that_are_scraped(prometheus):
    (variable,) = DASHBOARD["templating"]["list"]
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
    assert set(get(prometheus, f"label/{label}/values", **{"match[]": metric})) == set(STARTED)


@pytest.mark.docker
@pytest.mark.slow
def test_every_target_answers_on_the_network_of_the_stack(stack):
    """From a container of that network, by the names and ports that Prometheus would use."""
    jobs = yaml.safe_load((OBSERVABILITY / "prometheus.yml").read_text())["scrape_configs"]
    paths = {job["job_name"]: job.get("metrics_path", "") for job in jobs}
    for address, labels in targets(stand_in=True).items():
        url = f"http://{address}{paths[labels['server'].removesuffix('-embedded').removesuffix('-tuned')]}"
        page = stack.inside("locust", "python", "-c", f"import urllib.request as r; print(r.urlopen('{url}').read())")
        assert "# TYPE " in page, f"{url}: {page}"
