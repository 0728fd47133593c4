"""What a thread asks of the operating system's scheduler.

Threads that share a core and hand it round ask for short time slices: the scheduler then lets the
one that a message wakes run earlier (EEVDF: a shorter slice is an earlier deadline). Source:
sched_setattr(2); ``sched_runtime`` of SCHED_OTHER is the slice since Linux 6.12, ignored before.
"""

from __future__ import annotations

import ctypes
import platform
import struct

__all__ = ["DEFAULT_SLICE_NS", "SHORT_SLICE_NS", "set_slice"]

#: The shortest slice the kernel gives.
SHORT_SLICE_NS = 100_000
#: The kernel's own choice.
DEFAULT_SLICE_NS = 0

_SYSCALL = {"x86_64": 314, "aarch64": 274}.get(platform.machine())
_ATTRIBUTES = struct.Struct("=IIQiIQQQ")  # struct sched_attr, its first version
_SCHED_OTHER = 0


def set_slice(slice_ns: int) -> bool:
    """Sets the time slice of the calling thread, and of threads that it starts from now on.

    Returns whether the kernel took it; where it does not, everything works, a little later.
    """
    if _SYSCALL is None:
        return False
    attributes = _ATTRIBUTES.pack(_ATTRIBUTES.size, _SCHED_OTHER, 0, 0, 0, slice_ns, 0, 0)
    return ctypes.CDLL(None).syscall(_SYSCALL, 0, attributes, 0) == 0
