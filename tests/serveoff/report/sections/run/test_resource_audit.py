"""What a report says of resources as seen inside each server."""

import csv
import io
import json

import pytest

from serveoff.analyse.analysis import compare
from serveoff.record.resources import Resources
from serveoff.record.suite import load_suite
from serveoff.report.sections.run import method, resource_audit
from tests.serveoff.problems import setting
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.synthetic_resources import ASKED
from tests.serveoff.variant_runs import add_variant
from tests.serveoff.written_runs import save_run

NAMES = (
    *("flask-torchscript-rest", "tfserving-embedded-savedmodel-rest", "torchserve-torchscript-rest"),
    *("inprocess-torchscript", "flask-tuned-null-rest"),
)
SCENARIO = Scenario(slice_s=0.03, concurrencies=(1, 4), only=NAMES)
UNTOLD = dict.fromkeys(("threads_per_worker", "intra_op_threads", "batch_size", "batch_delay_ms"))
WRONG = "it has 2 intra-op threads; requested: 1"


def comparison(folder, variant="", told=None, **resources):
    run = write_run(folder / "run", SCENARIO, Faults(resources=resources))
    if variant:
        add_variant(run, "flask-torchscript-rest", variant, speedup=1.1, concurrencies=(1, 4))
        suite = load_suite(run)
        suite.endpoints[-1].resources = Resources(
            cpus=[0], asked={} if variant == "defaults" else ASKED, **(told or {})
        )
        save_run(run, suite)
    return compare(run)


def column(comparison, title):
    table = resource_audit.resources_seen(comparison)
    index = [c.title for c in table.columns].index(title)
    entries = [e for e in comparison.entries if e.result.resources]
    return {e.name: row[index] for e, row in zip(entries, table.rows, strict=True)}


def fact(comparison):
    return next(fact.text for fact in method.facts(comparison) if fact.term == "Equal resources")


def test_a_run_whose_servers_all_had_the_same_says_so(tmp_path):
    found = comparison(tmp_path)
    table = resource_audit.resources_seen(found)
    assert table.caption.endswith(
        "All had what was requested. Equal for all that report: cores 0; workers 1; threads per worker 1; "
        "intra-op threads 1; batching off; memory limit none."
    )
    shown = [column.title for column in table.columns]
    assert shown == ["Endpoint", "Processes", "OS threads", "Versions"], "what is the same for all is said once"
    assert "cores were as requested, and so was everything that servers report." in fact(found)


def test_what_there_is_not_is_a_dash_and_not_a_figure(tmp_path):
    other = {"workers": 2, "intra_op_threads": 2, "batch_size": 8}
    found = comparison(tmp_path, **{"torchserve-torchscript": other})
    workers = column(found, "Workers")
    assert (workers["flask-torchscript-rest"].text, workers["inprocess-torchscript"].text) == ("1", "–")
    assert workers["tfserving-embedded-savedmodel-rest"].small == "one process"
    assert column(found, "Intra-op threads")["flask-tuned-null-rest"].text == "–"
    assert column(found, "Batching")["inprocess-torchscript"].text == "–"


def test_what_a_server_does_not_tell_is_marked_as_only_asked_for(tmp_path):
    found = comparison(tmp_path, **{"tfserving-embedded-savedmodel": UNTOLD})
    for title, asked in (("Workers", "1"), ("Intra-op threads", "1"), ("Batching", "off")):
        cell = column(found, title)["tfserving-embedded-savedmodel-rest"]
        assert (cell.text, cell.small) == (asked, "requested")
    assert column(found, "As requested")["tfserving-embedded-savedmodel-rest"].small == "as far as it reports"
    assert "Requested, and not reported in full, by embedded model server (stand-in)." in fact(found)


def test_a_server_that_is_not_as_asked_for_is_named_and_its_points_do_not_count(tmp_path):
    found = comparison(tmp_path, **{"flask-torchscript": {"intra_op_threads": 2, "problems": [setting(WRONG)]}})
    cell = column(found, "As requested")["flask-torchscript-rest"]
    assert (cell.text, cell.small, cell.tone) == ("no", WRONG, "bad")
    assert "Not equal: intra-op threads." in resource_audit.resources_seen(found).caption
    assert "These did not have what was requested: TorchScript on Flask (REST)." in fact(found)
    assert {point.endpoint for point in found.invalid} == {"flask-torchscript-rest"}
    assert {reason.seen for point in found.invalid for reason in point.verdict.reasons} == {WRONG}


def test_threads_that_came_during_the_run_are_beneath(tmp_path):
    threads = column(comparison(tmp_path), "OS threads")
    assert (threads["torchserve-torchscript-rest"].text, threads["torchserve-torchscript-rest"].small) == (
        "25",
        "26 at the end",
    )
    assert threads["flask-torchscript-rest"].small == ""


@pytest.mark.parametrize(
    ("variant", "told", "title", "text"),
    [
        ("workers=2", {"workers": 2, "threads_per_worker": 1, "batch_size": 1}, "Workers", "2"),
        ("batching=16", {"workers": 1, "batch_size": 16, "batch_delay_ms": 1}, "Batching", "16 rows within 1 ms"),
        ("defaults", {"workers": 1, "threads_per_worker": 0}, "Threads per worker", "its choice"),
        ("defaults", {}, "As requested", "default settings"),
    ],
)
def test_variants_are_shown_and_differ_on_purpose(tmp_path, variant, told, title, text):
    found = comparison(tmp_path, variant, told)
    (cell,) = (cell for name, cell in column(found, title).items() if name not in NAMES)
    assert cell.text == text
    assert "Not equal" not in resource_audit.resources_seen(found).caption
    assert found.invalid == ()


def test_where_no_process_can_be_looked_into_nothing_is_said_of_it(tmp_path):
    unseen = {"cpus": [], "processes": None, "os_threads": None, "os_threads_at_end": None}
    found = comparison(tmp_path, **{name.removesuffix("-rest"): unseen for name in NAMES})
    for title in ("Processes", "OS threads"):
        assert {cell.text for cell in column(found, title).values()} == {"–"}
    assert {"Cores", "Memory limit"}.isdisjoint(c.title for c in resource_audit.resources_seen(found).columns)
    assert "Everything that servers report of their workers, threads and batching was as requested." in fact(found)
    assert "cores" not in resource_audit.resources_seen(found).caption.partition("reports them.")[2]


def test_a_run_from_before_servers_were_looked_into_has_no_such_table(tmp_path):
    run = write_run(tmp_path / "run", SCENARIO)
    suite = load_suite(run)
    for result in suite.endpoints:
        result.resources = None
    save_run(run, suite)
    found = compare(run)
    assert resource_audit.resources_seen(found).rows == ()
    assert resource_audit.as_asked(found) == ""


def test_json_and_csv_hold_what_the_page_says(rendered):
    shown = rendered["faulty"]
    stored = {e["result"]["endpoint"]: e["result"]["resources"] for e in json.loads(shown["json"])["entries"]}
    lines = {line["endpoint"]: line for line in csv.DictReader(io.StringIO(shown["csv"]))}
    assert stored["flask-torch-eager-rest"]["problems"] == [setting(WRONG).model_dump()]
    assert lines["flask-torch-eager-rest"]["inside_intra_op_threads"] == "2"
    assert lines["flask-torch-eager-rest"]["inside_cpus"] == "0"
    assert lines["tfserving-embedded-savedmodel-rest"]["inside_batch_size"] == ""
    for form in ("html", "markdown"):
        assert "Resources as seen inside each server" in shown[form]
        assert "requested" in shown[form]


def test_each_row_has_the_versions_of_its_own_server(tmp_path):
    run = write_run(tmp_path / "run", SCENARIO)
    suite = load_suite(run)
    suite.endpoint("torchserve-torchscript-rest").versions = {"torchserve": "0.12.0", "torch": "2.13.0"}
    save_run(run, suite)
    assert column(compare(run), "Versions")["torchserve-torchscript-rest"].text == "torchserve 0.12.0, torch 2.13.0"
