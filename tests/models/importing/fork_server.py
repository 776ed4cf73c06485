"""Runs `python -m serveoff.models.jobs inspect` again and again, forked from one process that has imported the
framework.

    python -m tests.models.importing.fork_server KIND

Reads a line of JSON for each job, {"source", "output": FILE, "log": FILE, "seconds"}, and answers with the wait status
of the process that did it, or -1 for one that was killed after so many seconds. What runs is what the command runs, but
for the start of the interpreter, which takes seconds.
"""

import importlib
import json
import os
import signal
import sys
import time

from serveoff.models.jobs.__main__ import main
from serveoff.models.jobs.child import answering


def child(job):
    held, _ = os.pipe()
    os.dup2(held, 0)
    for number, path in ((1, job["output"]), (2, job["log"])):
        os.dup2(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), number)
    answering(main, ["inspect", job["source"]])


def waited(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -1


def serve(kind):
    importlib.import_module(f"serveoff.models.importing.readers.{kind}")
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(job)
        print(waited(pid, job["seconds"]), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
