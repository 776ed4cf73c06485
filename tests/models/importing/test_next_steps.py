import pytest

from serveoff.models.importing import kinds, next_steps
from serveoff.models.importing.source import ImportRequest, Source, parsed
from serveoff.models.jobs import JobFailed
from serveoff.models.jobs.child import JobCode

REQUEST = ImportRequest(source=Source(kind="keras", path="/m.keras"), name="mine", timeout_s=60)
INPUTS = (parsed("tokens:int64[-1,4]"), parsed("x:float32[-1,4]"))


@pytest.mark.parametrize(
    ("code", "reason", "says"),
    [
        (JobCode.TIMED_OUT, "", "give it longer: --timeout 120"),
        (JobCode.CRASHED, "", "the last words of the process are in "),
        (JobCode.FAILED_WITH_ONE_ROW, "indices[0,3] = 77 is not in [0, 50)", "--input-range tokens=0:49; what its"),
        (JobCode.FAILED_WITH_ONE_ROW, "indices must be within [-30,29] bounds", "--input-range tokens=0:29; what its"),
        (JobCode.FAILED_WITH_ONE_ROW, "IndexError: index out of range in self", "--input-range tokens=0:9; what its"),
        (JobCode.FAILED_WITH_ONE_ROW, "no", "give real inputs: --samples FILE.npz; what its"),
        (
            JobCode.FAILED_WITH_ONE_ROW,
            "Matrix size-incompatible: In[0]: [1,5]",
            "--input 'tokens:int64[-1,SIZE]'",
        ),
        (
            JobCode.FAILED_WITH_ONE_ROW,
            "MatMul dimension mismatch",
            "--input 'x:float32[-1,SIZE]', or --samples",
        ),
        (JobCode.FAILED, "no", "/.logs/mine.log"),
    ],
)
def test_each_way_to_fail_has_its_own_step(code, reason, says):
    assert says in next_steps.of_answering(REQUEST, INPUTS, JobFailed(code, reason))


def test_what_a_job_advises_goes_first():
    failed = JobFailed(JobCode.REFUSED, "no", advice="do this")
    assert next_steps.of_answering(REQUEST, INPUTS, failed) == "do this"
    assert next_steps.of_reading(REQUEST, kinds.find("keras"), failed) == "do this"


def test_a_file_that_is_not_read_is_no_reason_to_save_it_again():
    step = next_steps.of_reading(REQUEST, kinds.find("keras"), JobFailed(JobCode.FAILED, "no"))
    assert "save it again" not in step
    assert "/.logs/mine.log" in step


def test_of_several_integers_those_that_are_out_of_range_are_named():
    inputs = (parsed("ids:int64[-1,4]"), parsed("types:int64[-1,4]"))
    request = REQUEST.model_copy(update={"ranges": {"ids": (0, 1)}})
    step = next_steps.of_answering(request, inputs, JobFailed(JobCode.FAILED, "index 5 is not in [0, 2)"))
    assert step.partition("range: ")[2].startswith("--input-range types=0:1; ")
