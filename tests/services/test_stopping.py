import signal
import subprocess
import sys

WAITING = """
import time
from serveoff.services.stopping import exit_on_sigterm
exit_on_sigterm()
try:
    print("waiting", flush=True)
    time.sleep(60)
finally:
    print("tidied", flush=True)
"""


def test_sigterm_unwinds_and_leaves_by_the_shell_s_code():
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 143
        assert process.stdout.read() == "tidied\n"
