"""Whether a process lives, and whether it is the one that was meant, asked of the kernel by its pid
(proc(5)). Pids are used again; a pid and the time its process began, together, are not.
"""

from __future__ import annotations

import os
import signal

__all__ = ["begin_of", "is_alive", "is_dying", "is_same", "open_same"]

_PF_EXITING = 0x4  # include/linux/sched.h
_SIGKILL_BIT = 1 << (signal.SIGKILL - 1)


def is_alive(pid: int) -> bool:
    """Whether ``pid`` runs. A zombie, which only waits to be reaped, does not."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (OSError, IndexError):
        return False


def is_dying(pid: int) -> bool:
    """Whether ``pid`` runs but cannot help ending: it was killed, or is on its way out. On a loaded
    machine that takes a while."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            flags = int(file.read().rpartition(b")")[2].split()[6])
        with open(f"/proc/{pid}/status", "rb") as file:
            status = dict(line.split(b":", 1) for line in file if b":" in line)
        pending = int(status[b"SigPnd"], 16) | int(status[b"ShdPnd"], 16)
    except (OSError, KeyError, IndexError, ValueError):
        return False
    return bool(flags & _PF_EXITING or pending & _SIGKILL_BIT)


def begin_of(pid: int) -> int:
    """When the process began, in clock ticks since the machine did; 0 if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0


def is_same(pid: int, began: int) -> bool:
    """Whether the process ``pid`` that began at ``began`` still runs, and not another."""
    return pid > 0 and began > 0 and begin_of(pid) == began and is_alive(pid)


def open_same(pid: int, began: int) -> int:
    """A pidfd of the process ``pid`` that began at ``began``; -1 if it is gone."""
    try:
        pidfd = os.pidfd_open(pid)
    except (OSError, ValueError):
        return -1
    if is_same(pid, began):  # looked at after opening: from here on the pidfd is of no other
        return pidfd
    os.close(pidfd)
    return -1
