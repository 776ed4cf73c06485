"""Add open loops to a synthetic run: an honest queue in front of one server, so that its capacity is known."""

import numpy as np

from serveoff.loadtests.loads import OPEN_LOOP_CONNECTIONS
from serveoff.loadtests.recording.windows import Window
from serveoff.record.suite import load_suite
from tests.serveoff.written_runs import add_rows, next_number, save_run, table_of


def queue(rate, duration_s, mean_s, sigma, rng):
    """Arrival instants and latencies of a queue with one server and lognormal service times."""
    arrivals = np.cumsum(rng.exponential(1 / rate, int(rate * duration_s * 1.2) + 20))
    arrivals = arrivals[arrivals < duration_s]
    service = mean_s * rng.lognormal(-(sigma**2) / 2, sigma, arrivals.size)
    done, free = np.empty(arrivals.size), 0.0
    for i, (came, needs) in enumerate(zip(arrivals, service, strict=True)):
        free = max(came, free) + needs
        done[i] = free
    return arrivals, done - arrivals


def add_open_loop(
    folder, endpoint, rates, search=True, mean_s=0.001, sigma=0.3, duration_s=2.0, seed=1, late_s=0.0, **changes
):
    """A slice of each rate in every start of one endpoint; `changes` go into each window's record.

    Of fixed rates the same in each start; the generator sends every request `late_s` after it was due.
    """
    suite = load_suite(folder)
    result, rng, tables = suite.endpoint(endpoint), np.random.default_rng(seed), []
    number = next_number(suite)
    for start in range(1, suite.settings.starts + 1):
        for rate in rates:
            window = Window(
                concurrency=OPEN_LOOP_CONNECTIONS,
                arrivals="poisson",
                rate=rate,
                search=search,
                start=start,
                round=suite.settings.rounds + 1,
                number=number,
                endpoint=endpoint,
                start_s=1_790_000_000.0 + 10 * number,
                duration_s=duration_s,
                answers_checked=20,
                client_cpu_s=0.2 * duration_s,
                late_s=late_s,
            )
            came, latency = queue(rate, duration_s, mean_s, sigma, rng)
            window.requests = window.served = came.size
            window.server_cpu_s = mean_s * came.size
            tables.append(table_of(window, window.start_s + came, window.start_s + came + late_s, latency))
            result.windows.append(window.model_copy(update=changes))
            number += 1
    add_rows(folder, tables)
    save_run(folder, suite)
