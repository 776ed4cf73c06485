"""An HTTP server whose latencies are known: each answer waits for a drawn delay, and now and then nothing is answered.

    python -m benchmarks.delay_server SEED          prints its port

Requests wait independently of one another, as if there were a worker for each. Delays are lognormal. In a stall, which
comes once in each `PERIOD_S` of the system's clock, answers that are due are held back until it ends.
"""

import heapq
import select
import socket
import sys
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.null_server import ANSWER, Connection

MEDIAN_S, SIGMA = 0.03, 0.35
PERIOD_S, STALL_S = 5.0, 0.3
DRAWS = 1 << 16


def released(due: float) -> float:
    """When an answer that is due then is sent, in seconds of the system's clock: after the stall, if it is in one."""
    phase = due % PERIOD_S
    return due + STALL_S - phase if phase < STALL_S else due


def truth(quantiles: list[float], draws: int = 2_000_000, seed: int = 99) -> list[float]:
    """Quantiles of the latency of requests that come at any time, in seconds: from the distributions alone."""
    random = np.random.default_rng(seed)
    came = random.uniform(0, PERIOD_S, draws) + 1000 * PERIOD_S
    due = came + random.lognormal(np.log(MEDIAN_S), SIGMA, draws)
    phase = due % PERIOD_S
    latency = np.where(phase < STALL_S, due + STALL_S - phase, due) - came
    return [float(value) for value in np.quantile(latency, quantiles)]


def main(seed: int) -> None:
    """Serve until the process is ended."""
    random = np.random.default_rng(seed)
    delays: Iterator[float] = iter(())
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    connections: dict[socket.socket, Connection] = {}
    answers: list[tuple[float, int, Connection]] = []
    number = 0
    while True:
        wait_s = max(0.0, answers[0][0] - time.time()) if answers else None
        ready, _, _ = select.select([listener, *connections], [], [], wait_s)
        now = time.time()
        for readable in ready:
            if readable is listener:
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[client] = Connection(client)
                continue
            connection = connections[readable]
            complete = connection.receive()
            if complete is None:
                connections.pop(readable).client.close()
            elif complete:
                number += 1
                delay = next(delays, None)
                if delay is None:
                    delays = iter(random.lognormal(np.log(MEDIAN_S), SIGMA, DRAWS).tolist())
                    delay = next(delays)
                heapq.heappush(answers, (released(now + delay), number, connection))
        while answers and answers[0][0] <= time.time():
            connection = heapq.heappop(answers)[2]
            if connection.client.fileno() >= 0:
                connection.client.sendall(ANSWER)


if __name__ == "__main__":
    main(int(sys.argv[1]))
