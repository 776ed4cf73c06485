"""A file is there whole, or as it was."""

import pytest

from serveoff.loadtests.recording.atomic_write import written_whole


def test_the_new_file_takes_the_old_one_s_place_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "run.json"
    for text in ("old", "new"):
        with written_whole(path) as file:
            file.write_text(text)
            assert file != path
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("old")

    def fail_halfway():
        with written_whole(path) as file:
            file.write_text("ne")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail_halfway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
