"""The only place that reads a clock.

Stamps within a deployment (T1..T5, ``sent_ns``, heartbeats) are ``CLOCK_MONOTONIC`` nanoseconds:
the same clock in every process of the machine, never stepped. People and venues get wall-clock
time, converted with :func:`wall_offset_ns`.
"""

import time

import numba
import numpy as np

from actors.runtime.native import address_to_pointer, clock_gettime, kernel

__all__ = ["NS", "monotonic_ns", "now_ns", "since_midnight_ns", "wall_offset_ns"]

NS = 1_000_000_000

_CLOCK_MONOTONIC = 1
_TIMESPEC = np.dtype([("seconds", "i8"), ("nanoseconds", "i8")])


@kernel
def now_ns(scratch):
    """Monotonic time in ns, for kernels. ``scratch``: address of 16 writable bytes."""
    clock_gettime(_CLOCK_MONOTONIC, scratch)
    stamp = numba.carray(address_to_pointer(scratch), 1, _TIMESPEC)[0]
    return stamp.seconds * 1_000_000_000 + stamp.nanoseconds


def monotonic_ns() -> int:
    """Monotonic time in ns, for plain Python."""
    return time.monotonic_ns()


def wall_offset_ns() -> int:
    """What to add to a monotonic stamp to get nanoseconds since 1970 (UTC)."""
    return time.time_ns() - time.monotonic_ns()


def since_midnight_ns(wall_ns: int) -> int:
    """Nanoseconds since local midnight of the wall-clock time ``wall_ns``."""
    local = time.localtime(wall_ns // NS)
    seconds = local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec
    return seconds * NS + wall_ns % NS
