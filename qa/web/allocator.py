"""Keep a server's memory small while the library changes: settings of glibc's allocator."""

from __future__ import annotations

import ctypes

# The names of the settings in glibc's <malloc.h>.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
# A block of at least this size is a mapping of its own, in bytes. It returns to the system when it is freed.
_OWN_MAPPING = 4 << 20
_ARENAS = 2


def return_freed_memory() -> None:
    """Make the allocator return large blocks to the system. Call it before the threads start.

    A changed library gets a changed copy of the index in memory (15 MB for 10,000 passages). By default, each
    thread has its own arena. After the first copy is freed, glibc puts further copies into the arenas. Small
    blocks behind a copy then keep its memory, although it is free (`benchmarks.soak`: 1.6 instead of .6 GB).

    Other C libraries have no such setting, and nothing happens.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # no such function, or Windows, where None is no library
        return
    mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING)
    mallopt(_M_ARENA_MAX, _ARENAS)
