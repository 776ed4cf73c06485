import pytest

from serveoff.errors import UsageError
from serveoff.measure.runtimes.cpus import CpuPlan, available_cpus, parse_cpus, plan_cpus


def test_parse_cpus_reads_taskset_notation():
    assert parse_cpus("0-2,5") == [0, 1, 2, 5]


@pytest.mark.parametrize("text", ["a", "1-", "-1", "", "1-0", "0,3-2", "8192", "0-9999999999"])
def test_parse_cpus_names_what_it_cannot_read(text):
    with pytest.raises(UsageError, match="is not a list of cores"):
        parse_cpus(text)


def test_default_plan_separates_server_and_client_where_there_are_two_cores():
    plan = plan_cpus()
    assert bool({*plan.server} & {*plan.client}) == (len(available_cpus()) < 2)
    assert set(plan.server) | set(plan.client) <= set(available_cpus())


def test_plan_says_when_the_user_makes_them_share():
    core = str(available_cpus()[0])
    assert plan_cpus(core, core) == CpuPlan((int(core),), (int(core),))


def test_plan_refuses_a_core_that_is_not_there():
    with pytest.raises(UsageError, match="core 4000 is not available"):
        plan_cpus("4000")
