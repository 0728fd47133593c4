"""Who dies with whom, who becomes whose child, and who inherits which descriptor."""

from __future__ import annotations

import ctypes
import os
import signal

__all__ = ["adopt_orphans", "close_on_exec", "die_with_parent"]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl({option}): {os.strerror(error)}")


def adopt_orphans() -> None:
    """Descendants whose parent dies become children of this process, which reaps them."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent_pid: int) -> None:
    """SIGKILL for this process when its parent, ``parent_pid``, dies; at once if it is dead.

    Not inherited by forked children.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)


def close_on_exec(but: str = "") -> None:
    """No descriptor that this process was given outlives it in a program that it starts, except of
    the file ``but``."""
    for name in os.listdir("/proc/self/fd"):
        try:
            if int(name) > 2:
                os.set_inheritable(int(name), os.readlink(f"/proc/self/fd/{name}") == but)
        except OSError:
            pass  # the descriptor of the listing itself
