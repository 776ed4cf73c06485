"""Wait for what a process or a thread does, in place of for so long as it should take."""

import time


def wait_until(condition, what="", seconds=60.0):
    """Poll until the condition holds, and return its value; AssertionError where it never does."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what or condition}"
        time.sleep(0.02)
    return value
