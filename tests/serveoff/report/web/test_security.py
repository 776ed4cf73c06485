"""Names, links and contents of the results folder are not trusted, and neither is the visitor."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from serveoff.record.slices import SLICES_NAME
from serveoff.report.sections.claims import ARTICLE_URL
from serveoff.report.web.app import create_app
from serveoff.report.web.runs import LARGEST_ANALYSIS_BYTES, LARGEST_SUITE_BYTES
from tests.serveoff.report.conftest import HOSTILE
from tests.serveoff.report.page import Page
from tests.serveoff.report.web.conftest import KILLED, SHORT, analysed, verdict
from tests.serveoff.synthetic import write_run

PAGES = ["/", "/runs/before/", "/runs/before/report.json", "/compare?a=before&b=after"]
SCRIPT = "<script>alert(1)<script>"
STRANGE = [
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "a b",
    "ümlaut",
    "100%",
    "a?b#c",
    "a&b=c",
    "line\nbreak",
    "{{7*7}}",
    "...",
]


def shown(client, path):
    """Every way to look at a run, and what came of it."""
    return {form: client.get(f"/runs/{path}/{form}") for form in ("", "report.json", "report.csv", "report.md")}


def forge(made, edit):
    """Edit run.json, and its copy in an analysis that is said to be of it."""
    document = json.loads((analysed(made) / "analysis.json").read_text())
    suite = json.loads((made / "run.json").read_text())
    lines = [json.loads(line) for line in (made / SLICES_NAME).read_text().splitlines()]
    for endpoint in suite["endpoints"]:
        endpoint["windows"] = [line for line in lines if line["endpoint"] == endpoint["endpoint"]]
    for each in (suite, document["suite"]):
        edit(each)
    windows = [window for endpoint in suite["endpoints"] for window in endpoint.pop("windows", [])]
    (made / "run.json").write_text(json.dumps(suite))
    (made / SLICES_NAME).write_text("".join(json.dumps(window) + "\n" for window in windows))
    document["source"]["files"][SLICES_NAME] = (made / SLICES_NAME).stat().st_size
    document["source"]["suite_sha256"] = hashlib.sha256((made / "run.json").read_bytes()).hexdigest()
    (made / "analysis.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "..",
        ".",
        "%2e%2e",
        "%2e%2e%2fsecret",
        "..%2fsecret",
        "..%5csecret",
        "%252e%252e%252fsecret",
        "%2fetc",
        "/etc",
        "secret%00",
        "%00",
        "x" * 5000,
        "%ff%fe",
        "results",
    ],
)
def test_no_name_leads_out_of_the_results_folder(own, path):
    for answer in shown(own, path).values():
        assert answer.status_code in (404, 308)
        assert "secret" not in answer.headers.get("Location", "").replace(path, "")


@pytest.mark.parametrize("target", ["../secret", "inside"])
def test_a_link_is_no_run(folder, own, target):
    analysed(write_run(folder / "inside", SHORT))
    os.symlink(target, folder / "link")
    assert {answer.status_code for answer in shown(own, "link").values()} == {404}
    assert "/runs/link/" not in own.get("/").text


def test_a_run_file_that_is_a_link_or_a_pipe_or_a_folder_is_not_opened(folder, own):
    for name in ("link", "pipe", "folder"):
        (folder / name).mkdir()
    os.symlink("/etc/passwd", folder / "link" / "run.json")
    os.mkfifo(folder / "pipe" / "run.json")
    (folder / "folder" / "run.json").mkdir()
    assert own.get("/").text.count("run.json is not a regular file") == 3
    for name in ("link", "pipe", "folder"):
        assert shown(own, name)["report.json"].get_json() == {"error": "unreadable: run.json is not a regular file"}


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_an_analysis_that_is_no_regular_file_is_not_opened(folder, own, kind):
    path = analysed(write_run(folder / "run", SHORT)) / "analysis.json"
    path.unlink()
    {"link": lambda: os.symlink("/etc/passwd", path), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[kind]()
    said = "unreadable: analysis.json is not a regular file"
    assert shown(own, "run")["report.json"].get_json() == {"error": said}
    assert "analysis.json is not a regular file" in verdict(own, "run")


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "linked folder", "gone"])
def test_rows_are_never_opened(folder, own, kind):
    made = analysed(write_run(folder / "run", SHORT))
    rows = next((made / "rows").iterdir())
    if kind in ("linked folder", "gone"):
        shutil.move(made / "rows", folder.parent / "rows")
    else:
        rows.unlink()
    forms = {
        "link": lambda: os.symlink("/etc/passwd", rows),
        "pipe": lambda: os.mkfifo(rows),
        "folder": rows.mkdir,
        "linked folder": lambda: os.symlink(folder.parent / "rows", made / "rows"),
        "gone": lambda: None,
    }
    forms[kind]()
    expected = 200 if kind in ("linked folder", "gone") else 422  # figures outlive their rows; a changed file does not
    assert {answer.status_code for answer in shown(own, "run").values()} == {expected}


@pytest.mark.parametrize("kind", ["link", "device", "pipe", "folder", "huge", "damaged"])
def test_slices_are_never_opened(folder, own, kind):
    path = write_run(folder / "run", SHORT) / SLICES_NAME
    elsewhere = path.rename(folder.parent / SLICES_NAME)
    forms = {
        "link": lambda: os.symlink(elsewhere, path),
        "device": lambda: os.symlink("/dev/zero", path),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "huge": lambda: path.touch() or os.truncate(path, 10**11),
        "damaged": lambda: path.write_text("{}\n"),
    }
    forms[kind]()
    elsewhere.write_text("{}\n")
    assert "not analysed yet" in verdict(own, "run")
    assert "not analysed yet" in shown(own, "run")["report.json"].get_json()["error"]


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_name_is_text_wherever_it_shows(folder, own, name):
    analysed(write_run(folder / name, SHORT))
    analysed(write_run(folder / "other", SHORT))
    listed = own.get("/")
    assert name.replace("\n", " ") in Page(listed.text).text
    (address,) = {
        known["href"] for tag, known in Page(listed.text).tags if tag == "a" and known["href"].endswith("/")
    } - {
        "/",
        "/runs/other/",
    }
    pages = [own.get(address), listed]
    pages.append(own.get("/compare", query_string={"a": name, "b": "other"}))
    for page in pages:
        assert page.status_code == 200
        assert "alert(1)" not in "".join(str(known) for _, known in Page(page.text).tags if "onerror" in known)
        assert "<img" not in page.text
        assert page.text.count("<script>") <= 1
        assert SCRIPT not in page.text
    for form in ("json", "csv", "md", "html"):
        answer = own.get(f"{address}report.{form}")
        assert answer.status_code == 200
        assert not set(answer.headers["Content-Disposition"]) & set('<>&"%\n{')


def test_contents_are_text_wherever_they_show(folder, own):
    made = write_run(folder / "run", SHORT, KILLED)
    suite = json.loads((made / "run.json").read_text())
    suite["settings"]["model"] = suite["settings"]["profile"] = suite["environment"]["machine"]["id"] = HOSTILE
    suite["environment"]["machine"]["cpu_model"] = suite["run_id"] = suite["started_at"] = HOSTILE
    (made / "run.json").write_text(json.dumps(suite))
    analysed(made)
    analysed(write_run(folder / "other", SHORT))
    for address in ("/", "/runs/run/", "/compare?a=run&b=other", "/compare?a=other&b=run"):
        answer = own.get(address)
        assert answer.status_code == 200
        assert HOSTILE.split("|")[0] not in answer.text
    assert HOSTILE in Page(own.get("/compare?a=other&b=run").text).text


DAMAGED = {
    "empty": b"",
    "half": b'{"schema_version": 1, "run_id": "x", "sta',
    "list": b"[]",
    "null": b"null",
    "binary": bytes(range(256)),
    "deep": b"[" * 100_000,
    "surrogate": b'{"run_id": "\\ud800"}',
    "another version": b'{"schema_version": 99}',
    "unknown field": b'{"<b>": 1}',
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_run_is_listed_as_unreadable_and_says_why(folder, own, damage):
    (folder / "run").mkdir()
    (folder / "run" / "run.json").write_bytes(DAMAGED[damage])
    listed = own.get("/")
    assert listed.status_code == 200
    assert "unreadable" in listed.text
    assert "<b>" not in listed.text.partition('<ol class="runs"')[2]
    answers = shown(own, "run")
    assert {form: answer.status_code for form, answer in answers.items()} == dict.fromkeys(answers, 422)
    assert answers["report.json"].get_json()["error"].startswith("unreadable: ")
    assert str(folder) not in answers["report.json"].text
    assert "Traceback" not in answers[""].text


def edits(suite):
    """A valid suite, made senseless in ways that only the statistics or the page would notice."""
    windows = suite["endpoints"][0]["windows"]
    return {
        "no endpoints": lambda: suite.update(endpoints=[]),
        "no concurrencies": lambda: suite["settings"].update(concurrencies=[]),
        "huge numbers": lambda: [w.update(requests=10**300, errors=10**300) for w in windows],
        "infinite windows": lambda: [w.update(duration_s=1e308, start_s=-1e308) for w in windows],
        "negative windows": lambda: [w.update(duration_s=-1.0) for w in windows],
        "huge concurrency": lambda: suite["settings"].update(concurrencies=[10**40]),
        "many concurrencies": lambda: suite["settings"].update(concurrencies=list(range(1, 100_000))),
        "zero concurrency": lambda: [w.update(concurrency=0) for w in windows],
        "negative seed": lambda: suite["settings"].update(seed=-1),
        "no rows": lambda: [w.update(number=10**12) for w in windows],
        "one slice for all": lambda: [w.update(number=1) for w in windows],
        "huge starts": lambda: [w.update(start=10**30, round=-(10**30)) for w in windows],
        "negative starts": lambda: [w.update(start=-1, round=-1) for w in windows],
        "a CPU of nothing": lambda: [w.update(served=0, server_cpu_s=-1.0) for w in windows],
        "huge timings": lambda: [w.update(timed=10**300, timings_s={"total": 1e308, "parse": 1e308}) for w in windows],
        "negative timings": lambda: [w.update(timed=-1, timings_s={"total": -1.0, "<b>": -1.0}) for w in windows],
        "infinite timings": lambda: [w.update(timed=1, timings_s={"total": float("inf")}) for w in windows],
        "senseless counters": lambda: [w.update(counters={"{": float("nan"), "": -1e308}) for w in windows],
        "twice the same": lambda: suite.update(endpoints=suite["endpoints"] * 2),
        "nameless": lambda: suite["endpoints"][0].update(endpoint="", deployment="", server="", format=""),
        "long texts": lambda: suite["settings"].update(model="m" * 100_000),
        "far future": lambda: suite.update(started_at="9999-12-31T23:59:59-23:00"),
    }


@pytest.mark.parametrize("damage", edits({"endpoints": [{"windows": []}]}))
def test_senseless_contents_are_no_defect_of_ours(folder, own, damage):
    made = write_run(folder / "run", SHORT)
    analysed(write_run(folder / "other", SHORT))
    forge(made, lambda suite: edits(suite)[damage]())
    assert own.get("/").status_code == 200
    for form, answer in shown(own, "run").items():
        assert answer.status_code in (200, 422), (form, answer.text)
    for pair in ("a=run&b=other", "a=other&b=run"):
        assert own.get(f"/compare?{pair}").status_code in (200, 422)


ANALYSES = {
    "empty": lambda document: document.clear(),
    "another version": lambda document: document.update(analysis_version=99),
    "no entries": lambda document: document.update(entries=[]),
    "an entry twice": lambda document: document["entries"].append(document["entries"][0]),
    "an unknown endpoint": lambda document: document["comparison"]["entries"].append("nobody"),
    "a key of lists": lambda document: document["comparison"]["entries"].append([["nobody"]]),
    "no draws": lambda document: document.update(draws=[]),
    "half a draw": lambda document: [draw.update(slices="AAAA") for draw in document["draws"]],
    "empty draws": lambda document: [draw.update(slices="", start="") for draw in document["draws"]],
    "draws of nothing": lambda document: [draw.update(value=0.0) for draw in document["draws"]],
    "no bound": lambda document: document.update(bound=0.0),
    "no points": lambda document: [entry.update(points=[]) for entry in document["entries"]],
    "senseless roles": lambda document: [entry.update(role="<b>") for entry in document["entries"]],
    "senseless ranks": lambda document: [entry.update(rank=-(10**30)) for entry in document["entries"]],
    "no numbers": lambda document: [p["p50_s"].update(value="NaN") for e in document["entries"] for p in e["points"]],
    "endless": lambda document: [p["p50_s"].update(value="Infinity") for e in document["entries"] for p in e["points"]],
    "negative": lambda document: [p["p50_s"].update(value=-1.0) for e in document["entries"] for p in e["points"]],
    "a recommendation of nobody": lambda document: document["comparison"]["decision"].update(recommended="<b>"),
    "no rows": lambda document: document["comparison"]["decision"]["matrix"].update(rows=[]),
}


@pytest.mark.parametrize("damage", ANALYSES)
def test_a_senseless_analysis_is_no_defect_of_ours(folder, own, damage):
    made = analysed(write_run(folder / "run", SHORT))
    analysed(write_run(folder / "other", SHORT))
    document = json.loads((made / "analysis.json").read_text())
    ANALYSES[damage](document)
    (made / "analysis.json").write_text(json.dumps(document))
    assert own.get("/").status_code == 200
    for form, answer in shown(own, "run").items():
        assert answer.status_code in (200, 422), (form, answer.text)
    for pair in ("a=run&b=other", "a=other&b=run"):
        assert own.get(f"/compare?{pair}").status_code in (200, 422)


def test_an_analysis_of_another_version_is_none(folder, own):
    made = analysed(write_run(folder / "run", SHORT))
    document = json.loads((made / "analysis.json").read_text())
    (made / "analysis.json").write_text(json.dumps(document | {"analysis_version": 99}))
    assert "not analysed yet: serveoff report run" in verdict(own, "run")


@pytest.mark.parametrize("damage", [d for d in DAMAGED if d != "unknown field"])
def test_a_damaged_analysis_says_why(folder, own, damage):
    made = analysed(write_run(folder / "run", SHORT))
    (made / "analysis.json").write_bytes(DAMAGED[damage])
    assert "unreadable" in verdict(own, "run")
    for answer in shown(own, "run").values():
        assert answer.status_code == 422
        assert "make it again: serveoff report run" in answer.text, "of the run's other files: none need be restored"
        assert "restore" not in answer.text
        assert str(folder) not in answer.text


def test_a_huge_run_file_is_not_read(folder, own):
    (folder / "run").mkdir()
    with (folder / "run" / "run.json").open("wb") as file:
        file.truncate(LARGEST_SUITE_BYTES + 1)
    assert "16 MB are not read" in own.get("/").text
    assert shown(own, "run")["report.json"].status_code == 422


def test_a_huge_analysis_is_not_read(folder, own):
    made = analysed(write_run(folder / "run", SHORT))
    with (made / "analysis.json").open("wb") as file:
        file.truncate(LARGEST_ANALYSIS_BYTES + 1)
    assert "48 MB are not read" in verdict(own, "run")
    assert shown(own, "run")["report.json"].status_code == 422


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can become someone who may not read")
@pytest.mark.parametrize("locked", ["folder", "run.json"])
def test_a_locked_run_says_so_and_is_read_once_it_is_unlocked(locked):
    with tempfile.TemporaryDirectory() as open_to_all:
        root = Path(open_to_all)
        root.chmod(0o755)
        client = create_app(root).test_client()
        made = write_run(root / "run", SHORT)
        target = made if locked == "folder" else made / "run.json"
        client.get("/nothing")  # templates and modules are loaded before the rights are dropped
        target.chmod(0)
        try:
            os.seteuid(65534)
            listed, answers = client.get("/"), shown(client, "run")
        finally:
            os.seteuid(0)
        assert "run.json: Permission denied" in listed.text
        assert answers["report.json"].get_json() == {"error": "unreadable: run.json: Permission denied"}
        target.chmod(0o755)
        assert "complete" in Page(client.get("/").text).text


def test_a_name_that_is_no_utf8_is_listed_without_a_link(folder, own):
    made = write_run(folder / "run", SHORT)
    try:
        os.rename(os.fsencode(made), os.fsencode(folder) + b"/\xff\xfe")
    except OSError:
        pytest.skip("NOT TESTED: this file system takes no such name")
    listed = own.get("/")
    assert listed.status_code == 200
    assert "\ufffd\ufffd" in listed.text
    assert 'href="/runs/' not in listed.text


@pytest.mark.parametrize(
    "path", [*PAGES, "/healthz", "/static/page.css", "/static/report.css", "/nothing", "/runs/nope/report.json"]
)
def test_every_answer_forbids_what_the_page_does_not_need(client, path):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("path", [*PAGES, "/healthz", "/static/page.css"])
def test_nothing_can_be_changed(client, method, path):
    answer = getattr(client, method)(path)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("path", PAGES)
def test_head_is_get_without_a_body(client, path):
    assert client.head(path).status_code == 200
    assert client.head(path).data == b""


@pytest.mark.parametrize("path", PAGES)
def test_pages_fetch_nothing_from_elsewhere(client, path):
    answer = client.get(path)
    if answer.mimetype == "text/html":
        elsewhere = {link for link in Page(answer.text).links if "//" in link or (":" in link and link != "data:,")}
        assert elsewhere <= {ARTICLE_URL}, "a link that somebody may follow"


def test_errors_are_pages_for_people_and_json_for_who_asked_for_json(client):
    page = client.get("/runs/nope/")
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "No such run" in Page(page.text).text
    answer = client.get("/runs/nope/report.json")
    assert (answer.status_code, answer.get_json()) == (
        404,
        {"error": "There is no run of this name in the results folder."},
    )
    assert client.get("/nothing.json").get_json()["error"]
    assert client.post("/runs/before/report.json").get_json()["error"]


REPORT = "serveoff.report.web.reports.html.render"


def raising(error):
    def render(comparison):
        raise error("nobody")

    return render


@pytest.mark.parametrize("error", [AssertionError, AttributeError, StopIteration, RuntimeError])
def test_what_damaged_contents_may_raise_is_said_to_be_and_the_log_has_the_traceback(
    results, monkeypatch, caplog, error
):
    monkeypatch.setattr(REPORT, raising(error))
    answer = create_app(results).test_client().get("/runs/before/")
    assert answer.status_code == 422
    assert f"its contents make no sense ({error.__name__}: nobody)" in Page(answer.text).text
    (record,) = caplog.records
    assert record.exc_info[0] is error


def test_a_defect_of_ours_is_a_page_without_a_traceback(results, monkeypatch):
    monkeypatch.setattr(REPORT, raising(ImportError))
    client = create_app(results).test_client()
    answer = client.get("/runs/before/")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "An error of the report page" in Page(answer.text).text


@pytest.mark.parametrize("path", ["/runs/before", "/runs/nope", "/compare", "//evil.example/runs/x", "/summaries/x"])
def test_no_redirect_leads_where_the_request_says_that_we_are(client, path):
    answer = client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert (answer.location or "/").startswith("/")
    assert not (answer.location or "/").startswith("//")
    assert "http://evil.example" not in answer.text


def test_static_files_do_not_lead_out_either(client):
    for path in ("../app.py", "..%2fapp.py", "%2e%2e/app.py", "etc/passwd", "nothing.css", "", "."):
        assert client.get(f"/static/{path}").status_code == 404
