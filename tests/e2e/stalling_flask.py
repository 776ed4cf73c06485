"""Our Flask service that stalls: a file that is run by its path.

`STALL=clock:2:1`: in every two seconds it answers nothing for one. `STALL=hang:50:1.5`: every 50th prediction takes 1.5
seconds longer.
"""

import os
import sys
import time
from dataclasses import replace
from itertools import count

from serveoff.services import runtimes
from serveoff.services.flaskrest.__main__ import main


def stalled(predict, kind, every, seconds):
    calls = count(1)

    def slow(batch):
        outputs = predict(batch)
        if kind == "clock":
            time.sleep(max(seconds - time.monotonic() % every, 0.0))
        elif next(calls) % int(every) == 0:
            time.sleep(seconds)
        return outputs

    return slow


if __name__ == "__main__":
    kind, every, seconds = os.environ["STALL"].split(":")
    load_runtime = runtimes.load_runtime

    def load(settings):
        runtime = load_runtime(settings)
        return replace(runtime, predict=stalled(runtime.predict, kind, float(every), float(seconds)))

    runtimes.load_runtime = load
    sys.exit(main())
