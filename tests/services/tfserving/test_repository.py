"""The life of versions, with loads that are instant or fail: what is loaded is not the point here."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from serveoff.services.tfserving.embedded.errors import Code, ServingError
from serveoff.services.tfserving.embedded.repository import Repository, Retries, State
from serveoff.services.tfserving.embedded.versions import ModelConfig, VersionPolicy

AT_ONCE = Retries(count=0, interval_s=0)


def load(name, version, path):
    """Load what is in the folder: a text, or a failure."""
    if (path / "broken").exists():
        raise ServingError(Code.DATA_LOSS, "broken on purpose")
    return SimpleNamespace(name=name, version=version)


@pytest.fixture
def base(tmp_path):
    (tmp_path / "1").mkdir()
    return tmp_path


def states(repository, **choice):
    return {version: state.state for version, state in repository.states("m", **choice)}


def test_newest_is_served(base):
    (base / "3").mkdir()
    repository = Repository(load, AT_ONCE)
    assert repository.reload([ModelConfig("m", base, VersionPolicy(latest=2))]) == {"m"}
    assert repository.servable("m").version == 3
    assert repository.servable("m", version=1).version == 1
    assert states(repository) == {3: State.AVAILABLE, 1: State.AVAILABLE}


def test_new_version_replaces_the_old_one(base):
    repository = Repository(load, AT_ONCE)
    repository.reload([ModelConfig("m", base)])
    held = repository.servable("m")
    (base / "2").mkdir()
    repository.poll()
    assert repository.servable("m").version == 2
    assert held.version == 1
    assert states(repository) == {2: State.AVAILABLE, 1: State.END}


def test_old_version_serves_while_the_new_one_loads(base):
    loading, go_on = threading.Event(), threading.Event()

    def slow(name, version, path):
        if version == 2:
            loading.set()
            assert go_on.wait(10)
        return load(name, version, path)

    repository = Repository(slow, AT_ONCE)
    repository.reload([ModelConfig("m", base)])
    (base / "2").mkdir()
    poll = threading.Thread(target=repository.poll)
    poll.start()
    assert loading.wait(10)
    # Neither a request nor a status question waits for the load.
    assert repository.servable("m").version == 1
    assert states(repository) == {2: State.LOADING, 1: State.AVAILABLE}
    go_on.set()
    poll.join()
    assert repository.servable("m").version == 2


def test_broken_version_leaves_the_old_one(base):
    repository = Repository(load, AT_ONCE)
    repository.reload([ModelConfig("m", base)])
    (base / "2").mkdir()
    (base / "2" / "broken").touch()
    repository.poll()
    assert repository.servable("m").version == 1
    ((version, state),) = repository.states("m", version=2)
    assert (version, state.state, state.error.code) == (2, State.END, Code.DATA_LOSS)


def test_retries(base):
    attempts = []

    def flaky(name, version, path):
        attempts.append(version)
        if len(attempts) < 3:
            raise ServingError(Code.UNAVAILABLE, "not yet")
        return load(name, version, path)

    repository = Repository(flaky, Retries(count=2, interval_s=0))
    repository.reload([ModelConfig("m", base)])
    assert states(repository) == {1: State.LOADING}
    assert repository.unsettled(["m"])
    repository.advance()
    repository.advance()
    assert states(repository) == {1: State.AVAILABLE}


def test_retries_wait_for_their_time(base):
    attempts = []

    def never(name, version, path):
        attempts.append(version)
        raise ServingError(Code.UNAVAILABLE, "never")

    repository = Repository(never, Retries(count=2, interval_s=3600))
    repository.reload([ModelConfig("m", base)])
    repository.poll()
    assert attempts == [1]


def test_given_up_until_it_comes_back(base):
    repository = Repository(load, AT_ONCE)
    (base / "1" / "broken").touch()
    repository.reload([ModelConfig("m", base)])
    with pytest.raises(ServingError, match=r"1 servable.*name: m version: 1.*DATA_LOSS: broken on purpose"):
        repository.check_available(["m"])
    (base / "1" / "broken").unlink()
    repository.poll()
    assert states(repository) == {1: State.END}
    (base / "1").rename(base / "away")
    repository.poll()
    (base / "away").rename(base / "1")
    repository.poll()
    assert states(repository) == {1: State.AVAILABLE}


def test_model_taken_out_of_the_config(base):
    repository = Repository(load, AT_ONCE)
    repository.reload([ModelConfig("m", base), ModelConfig("other", base)])
    assert repository.reload([ModelConfig("other", base)]) == set()
    with pytest.raises(ServingError, match=r"Servable not found for request: Latest\(m\)"):
        repository.servable("m")
    assert states(repository) == {1: State.END}
    assert repository.reload([ModelConfig("m", base), ModelConfig("other", base)]) == {"m"}
    assert repository.servable("m").version == 1


def test_labels_move_only_to_available_versions(base):
    (base / "2").mkdir()
    every = VersionPolicy(latest=None)
    repository = Repository(load, AT_ONCE)
    with pytest.raises(ServingError, match="version 1 of model m, which is not currently available for inference"):
        repository.reload([ModelConfig("m", base, every, (("stable", 1),))])
    repository.reload([ModelConfig("m", base, every)])
    repository.reload([ModelConfig("m", base, every, (("stable", 1),))])
    assert repository.servable("m", label="stable").version == 1
    assert states(repository, label="stable") == {1: State.AVAILABLE}
    with pytest.raises(ServingError, match="Unrecognized servable version label: canary"):
        repository.servable("m", label="canary")


def test_a_new_label_may_come_early_if_allowed_but_not_move(base):
    repository = Repository(load, AT_ONCE, labels_need_available=False)
    repository.reload([ModelConfig("m", base, labels=(("stable", 1),))])
    assert repository.servable("m", label="stable").version == 1
    with pytest.raises(ServingError, match="version 9 of model m"):
        repository.reload([ModelConfig("m", base, labels=(("stable", 9),))])
