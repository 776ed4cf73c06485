from serveoff.loadtests.recording.windows import Window


def test_a_figure_that_older_runs_have_is_left_out():
    older = Window(concurrency=4, round=1, start_s=10.0, duration_s=2.0, server_peak_memory_bytes=7)
    assert "server_peak_memory_bytes" not in older.model_dump()
