"""How each process of ours is started: by a Python that finds our modules, whatever the user's folders hold."""

import os
import sys
import threading

ISOLATED = ("-I", "-X", "utf8", "-u")
"""No working folder on sys.path, no PYTHON* variable (PYTHONPATH), no user's site; UTF-8 in any locale; what is printed
leaves at once."""
RUNNER_VARIABLE = "SERVEOFF_RUNNER"
"""Who started us, the nearest last, as serveoff.measure.watchdog writes it."""
FOLDER_VARIABLES = ("SERVEOFF_ARTIFACTS", "SERVEOFF_STATE")
"""Of folders that our processes read, wherever they work: load generators, conversions."""


def isolated(module: str, *arguments: str) -> list[str]:
    """The command that runs a module: a `models.py` where the user stands, or on PYTHONPATH, is not met."""
    return [sys.executable, *ISOLATED, "-m", module, *arguments]


def fix_folders() -> None:
    """Have a variable that names a folder from where the user stands name the same one to every process of ours."""
    for name in FOLDER_VARIABLES:
        if folder := os.environ.get(name):
            os.environ[name] = os.path.abspath(folder)


def temporary_prefix() -> str:
    """How the name of a temporary folder begins: by who started us, so that a later run can tell what is left over."""
    runners = os.environ.get(RUNNER_VARIABLE, "").split()
    return "-".join(["serveoff", *runners[-1:], ""])


def claim_stdout() -> int:
    """A descriptor of what was standard output; from here on what is printed, in C++ too, goes to standard error."""
    claimed = os.dup(1)
    os.dup2(2, 1)
    return claimed


def end_with_parent() -> None:
    """Have this process end when its parent does, however that dies: it holds the other end of stdin."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()


def _end_with_stdin() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)
