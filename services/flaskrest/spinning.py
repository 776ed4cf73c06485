"""Looking for the next request for a moment before sleeping, as long as that pays.

A worker that sleeps in `epoll_wait` gives its core away and gets it back some 30 to 40 us after the next request has
come, with colder caches; on a virtual machine an idle core is dear to wake. A client that answers at once, such as a
caller in a closed loop with nothing to compute, spends less than that on its turn, so looking again and again for
SPIN_S finds its request awake, and costs less CPU time than sleeping and waking. For any other client looking is
wasted, so a worker that found nothing lately looks only after every RETRY-th answer. The idea is the kernel's own: busy
polling of sockets (net.core.busy_poll) and halt polling of KVM.
"""

import selectors
from time import perf_counter

SPIN_S = 60e-6
"""How long to look: about twice what sleeping and waking cost."""
CREDIT = 4
"""So many times in a row nothing may be found before a worker gives up looking."""
RETRY = 64
"""A worker that gave up looks again after so many answers: about 1 us an answer for clients that take their time."""

Ready = list[tuple[selectors.SelectorKey, int]]


class Spinner:
    """Decides when looking pays, from how it went before."""

    def __init__(self) -> None:
        self._credit = 0
        self._skipped = 0

    def look(self, poller: selectors.BaseSelector) -> Ready:
        """What is ready within SPIN_S, if looking seems worth it; nothing otherwise. Call it after an answer."""
        if not self._credit:
            self._skipped += 1
            if self._skipped < RETRY:
                return []
        self._skipped = 0
        end_s = perf_counter() + SPIN_S
        while True:
            ready = poller.select(0)
            if ready:
                self._credit = CREDIT
                return ready
            if perf_counter() > end_s:
                self._credit = max(0, self._credit - 1)
                return []
