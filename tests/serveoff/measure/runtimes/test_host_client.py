"""The load generator of a run is told by the run alone, whatever a user tells a Locust of their own."""

import pytest

from serveoff.measure.runtimes.host_client import HostClient


@pytest.mark.slow
@pytest.mark.parametrize("place", ["variable", "home"])
def test_it_takes_no_setting_of_a_user_s_own_load_tests(tmp_path, monkeypatch, place):
    """A level of logging that there is not would end it."""
    folder, log = tmp_path / "run", tmp_path / "locust.log"
    folder.mkdir()
    (tmp_path / ".locust.conf").write_text("loglevel = nonsense\n")
    monkeypatch.setenv(*(("LOCUST_LOGLEVEL", "nonsense") if place == "variable" else ("HOME", str(tmp_path))))
    with HostClient(folder, ()).running(["--list"], log) as process:
        listed = process.stdout.read()
        assert process.wait() == 0, log.read_text()
    assert b"RestUser" in listed
