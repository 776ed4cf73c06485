"""Jobs that fail in every way: their modules are written to a folder that only they see."""

import sys
import tempfile

import psutil
import pytest

from serveoff.models import jobs
from serveoff.models.isolation import RUNNER_VARIABLE
from serveoff.models.jobs import JobFailed
from serveoff.models.jobs.child import JobCode
from tests.waiting import wait_until

START = "import os, sys, time\nfrom serveoff.models.jobs.child import Refused, answering, doing\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a job with this body, given its arguments as `words`."""

    def started(body: str, *words: str, timeout_s: float = 60, by: str = "torch", kept=None):
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        (tmp_path / "a_job.py").write_text(f"{START}def job(words):\n{lines}answering(job, sys.argv[1:])\n")
        script = str(tmp_path / "a_job.py")
        monkeypatch.setattr(jobs, "isolated", lambda module, job, *words: [sys.executable, "-I", script, *words])
        return jobs.Jobs(timeout_s, kept).run("a_job", *words, by=by)

    return started


def test_a_result_comes_back_whatever_else_is_printed(run):
    assert run("print('chatter'); os.write(1, b'{C++ chatter'); return {'words': words}", "a", "b c") == {
        "words": ["a", "b c"]
    }


def test_a_refusal_has_its_reason_and_operator(run):
    with pytest.raises(JobFailed, match=r"^no such thing$") as failed:
        run("raise Refused('no such thing', 'Fft')")
    assert (failed.value.code, failed.value.operator) == (JobCode.REFUSED, "Fft")


def test_any_exception_becomes_a_reason_that_says_what_was_done(run):
    with pytest.raises(JobFailed, match=r"^asked for one row: KeyError: 'x'$") as failed:
        run("doing('asked for one row')\nraise KeyError('x')")
    assert failed.value.code is JobCode.FAILED


def test_what_was_done_has_a_code_that_comes_with_the_failure(run):
    with pytest.raises(JobFailed, match=r"^that: KeyError: 'x'$") as failed:
        run(
            "from serveoff.models.jobs.child import JobCode\n"
            "doing('this')\ndoing('that', JobCode.FAILED_WITH_ONE_ROW)\nraise KeyError('x')"
        )
    assert failed.value.code is JobCode.FAILED_WITH_ONE_ROW


def test_a_long_message_is_shortened(run):
    with pytest.raises(JobFailed) as failed:
        run("raise ValueError('line\\n' * 1000 + 'x' * 10000)")
    assert str(failed.value) == "ValueError: line line line"


@pytest.mark.parametrize("dump", ["config=" + "{}" * 5000, "line\n" * 1000])
def test_the_cause_is_kept_where_a_message_ends_with_it(run, dump):
    with pytest.raises(JobFailed) as failed:
        run(f"raise ValueError('It cannot be read.\\n\\n' + {dump!r} + '\\n\\nException: the layer has no weights')")
    assert str(failed.value).startswith("ValueError: It cannot be read. ")
    assert str(failed.value).endswith(" ... Exception: the layer has no weights")
    assert len(str(failed.value)) < 500


def test_so_is_the_beginning_of_a_last_line_that_ends_in_a_dump(run):
    with pytest.raises(JobFailed) as failed:
        run("raise ValueError('no\\n' * 9 + 'Could not locate class Odd. Full object config: ' + 'x' * 9999)")
    assert str(failed.value) == "ValueError: no no no ... Could not locate class Odd. Full object config:"


AUTOGRAPH = """in user code:

    File "/a/model.py", line 60, in serve  *
        return self.call(x)
    File "/b/keras.py", line 122, in error_handler  **
        raise e.with_traceback(filtered_tb) from None

    ValueError: Input 0 of layer "dense" is incompatible
"""
GRAPH = """Graph execution error:

Detected at node gather defined at (most recent call last):
<stack traces unavailable>
indices[0,3] = 77 is not in [0, 50)
\t [[{{node gather}}]] [Op:__inference_call_12]
"""
EAGER = """Exception encountered when calling Functional.call().

\x1b[1m{{function_node __wrapped__MatMul}} Matrix size-incompatible: In[0]: [1,5], In[1]: [6,3] [Op:MatMul]\x1b[0m

Arguments received by Functional.call():
  • inputs=tf.Tensor(shape=(1, 5), dtype=float32)
  • training=False
  • mask=None
"""


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (AUTOGRAPH, 'ValueError: ValueError: Input 0 of layer "dense" is incompatible'),
        (GRAPH, "ValueError: indices[0,3] = 77 is not in [0, 50)"),
        (
            EAGER,
            "ValueError: Exception encountered when calling Functional.call(). "
            "Matrix size-incompatible: In[0]: [1,5], In[1]: [6,3] [Op:MatMul]",
        ),
    ],
)
def test_the_cause_is_told_and_not_the_places_around_it(run, message, says):
    with pytest.raises(JobFailed) as failed:
        run(f"raise ValueError({message!r})")
    assert str(failed.value) == says


def test_the_whole_log_of_a_job_that_fails_is_kept(run, tmp_path):
    kept = tmp_path / "logs" / "mine.log"
    with pytest.raises(JobFailed):
        run("print('it began')\nraise ValueError('no')", kept=kept)
    first, *rest = kept.read_text().splitlines()
    assert first == "== a_job by torch: ValueError: no"
    assert {"it began", "ValueError: no"} <= set(rest)
    assert run("return {}", kept=kept) == {}
    assert len(kept.read_text().splitlines()) == 1 + len(rest)


def test_what_a_terminal_would_obey_is_written_as_escapes(run):
    with pytest.raises(JobFailed) as failed:
        run(r"raise ValueError('a\x1b[2J\x9b\u202e name')")
    assert str(failed.value) == r"ValueError: a\x1b[2J\x9b\u202e name"


@pytest.mark.parametrize(
    "way", ["raise error", "raise Refused(str(error)) from error", "raise RuntimeError(str(error))"]
)
def test_no_advice_to_load_a_pickle_all_the_same_reaches_anybody(run, way):
    with pytest.raises(JobFailed, match="holds more than tensors") as failed:
        run(
            "from pickle import UnpicklingError\ntry:\n"
            "    raise UnpicklingError('Re-run torch.load with weights_only=False')\n"
            f"except UnpicklingError as error:\n    {way}"
        )
    assert "weights_only" not in str(failed.value)


def test_a_crash_is_survived_and_names_who_crashed(run):
    with pytest.raises(JobFailed, match=r"^it made torch crash \(SIGABRT\): terminate called$"):
        run("os.write(2, b'terminate called\\n'); os.abort()")


def test_a_process_that_ends_by_itself_is_told(run):
    with pytest.raises(JobFailed, match=r"^torch ended the process with exit code 7$"):
        run("os._exit(7)")


def test_a_job_that_hangs_is_stopped_with_its_children(run, tmp_path):
    body = (
        "import subprocess\nchild = subprocess.Popen(['sleep', '6000'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\ntime.sleep(6000)"
    )
    with pytest.raises(JobFailed, match="longer than 4 s"):
        run(body, timeout_s=4)
    child = int((tmp_path / "pid").read_text())
    wait_until(lambda: _over(child), "its child was killed")


def _over(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_memory_is_bounded(run):
    with pytest.raises(JobFailed, match="MemoryError"):
        run("import numpy\nnumpy.empty(1 << 46, numpy.uint8)")


def test_what_a_job_leaves_in_its_temporary_folder_is_removed_and_says_whose_it_was(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv(RUNNER_VARIABLE, "00000000-1-2 0badcafe-3-4")
    before = set(tmp_path.iterdir())
    leaves = "import tempfile\npath = tempfile.mkdtemp()\nopen(path + '/file', 'w').close()\n"
    folder = run(leaves + "return {'path': path}")["path"]
    assert folder.startswith(f"{tmp_path}/serveoff-0badcafe-3-4-job-")
    with pytest.raises(JobFailed):
        run(leaves + "os._exit(7)")
    assert set(tmp_path.iterdir()) - before == {tmp_path / "a_job.py"}
