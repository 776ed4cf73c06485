"""How many connections a server may hold, so that none ends it for want of file descriptors."""

import errno
import resource

RESERVED = 128
"""Descriptors for everything else: listeners, logs, libraries, files of a model; at most half of all."""
SHED = 16
"""When there is room for no more connections, one of so many is closed, of those that have been idle longest."""
FULL = "there is room for %d open connections and no more: idle and slow ones make way for new ones"
"""What a server logs, once."""
_NONE_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def most_connections(wanted: int) -> int:
    """As many as wanted, or as the process's soft limit of open files leaves room for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, max(soft - RESERVED, soft // 2)))


def is_out_of_descriptors(error: OSError) -> bool:
    """Whether accept failed because the process or the system has nothing left for one more connection."""
    return error.errno in _NONE_LEFT
