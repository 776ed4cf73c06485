"""What a reader must know before the first figure."""

import re

from serveoff.analyse.analysis import compare
from serveoff.loadtests.problems import WindowCode
from serveoff.record.suite import load_suite
from serveoff.report.formats import html, markdown
from serveoff.report.sections import notes, resources
from serveoff.report.sections.run.environment import environment
from tests.serveoff.problems import problem
from tests.serveoff.synthetic import Faults, Scenario, write_run
from tests.serveoff.written_runs import save_run

NAMES = ("flask-torchscript-rest", "flask-savedmodel-rest")


def test_a_process_that_was_replaced_is_said_on_the_first_screen(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=NAMES))
    assert notes.replaced(compare(folder)) == []
    suite = load_suite(folder)
    for window in suite.endpoint(NAMES[0]).windows[:2]:
        window.problems.append(problem(WindowCode.SERVER_REPLACED, "process 7 of the server ended"))
    save_run(folder, suite)
    found = compare(folder)
    (said,) = notes.replaced(found)
    assert said.startswith("A process of flask-torchscript ended while it was measured")
    assert "2 slices are excluded" in said
    head, _, _ = html.render(found).partition("</header>")
    assert "2 slices are excluded" in head
    assert "2 slices are excluded" in markdown.render(found).partition("\n## ")[0]


def test_a_cpu_limit_of_the_run_is_said_in_the_head_and_among_the_facts_and_has_a_column(tmp_path):
    folder = write_run(tmp_path / "run", Scenario(only=NAMES))
    assert notes.lede(compare(folder)).endswith(" rounds, 2 cores.")
    suite = load_suite(folder)
    suite.environment.machine.cpu_limit = 0.6
    for window in suite.endpoint(NAMES[0]).windows:
        window.group_throttled_s = 0.32 * window.duration_s
    save_run(folder, suite)
    found = compare(folder)
    assert notes.lede(found).endswith(" rounds, 2 cores, limited to 0.6.")
    (machine,) = [fact.text for fact in environment(found) if fact.term == "Machine"]
    assert "Example CPU @ 2.60GHz, 2 cores, limited to 0.6, " in machine
    table = resources.resources(found)
    place = [column.title for column in table.columns].index("Throttled")
    assert sorted(row[place].text for row in table.rows) == ["32.0", "–"]


def test_with_one_start_each_the_head_says_what_its_intervals_hold_for(tmp_path):
    once, often = (compare(write_run(tmp_path / str(n), Scenario(only=NAMES, starts=n))) for n in (1, 2))
    said = "Each deployment was started once: intervals hold for these processes, not for the next start."
    assert said in markdown.render(once).partition("## How sure")[0]
    assert "was started once" not in markdown.render(often)


def test_who_answered_wrongly_is_named_with_the_reason_before_any_fold(tmp_path):
    slow_and_wrong = Faults(wrong_under_load=["flask-keras-eager-rest"])
    only = (*NAMES, "flask-keras-eager-rest", "flask-frozen-graph-rest")
    found = compare(write_run(tmp_path / "run", Scenario(only=only), slow_and_wrong))
    assert found.decision.recommended
    first = markdown.render(found).partition("## Decision matrix")[0]
    assert "eager Keras on Flask (REST) is INVALID (" in first
    assert "answers checked under load were wrong" in first


def test_that_tensorflow_serving_is_missing_is_said_in_the_head_and_in_one_fold(rendered):
    first, _, rest = rendered["clean"]["markdown"].partition("## Every endpoint")
    missing = re.compile(r"[^.\n|]*(?:TensorFlow Serving[^.|]*(?:not|missing)|tensorflow_model_server)[^.\n|]*")
    told = [[s for s in missing.findall(part) if "cannot load" not in s] for part in (first, rest)]
    assert [len(said) for said in told] == [1, 1]
