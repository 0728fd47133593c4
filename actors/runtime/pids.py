"""Whether a process lives, asked of the kernel by its pid (proc(5))."""

from __future__ import annotations

import signal

__all__ = ["is_alive", "is_dying"]

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
