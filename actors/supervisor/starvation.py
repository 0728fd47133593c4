"""Whether a thread that makes no progress was given a core at all.

A reactor that waits for its turn on a busy machine looks like one that hangs: its heartbeat stands
still. Linux tells them apart: a starved thread is runnable and its run time stands still; one that
hangs sleeps, is stopped, or runs. A thread may also sleep because another of its process, which it
waits for (a Python thread for the interpreter's lock), is starved: then nothing in the process ran.
Source: proc(5), ``/proc/pid/task/tid/stat`` and ``schedstat``.
"""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass

__all__ = ["StarvationWatch", "held_by"]


@dataclass
class _Look:
    heartbeat_ns: int
    ran_ns: dict[int, int]  # by thread; empty: nothing to compare with yet


class StarvationWatch:
    """Remembers, by thread watched, what was seen at the last look."""

    def __init__(self) -> None:
        self._looks: dict[tuple[int, int], _Look] = {}

    def starved(self, pid: int, tid: int, heartbeat_ns: int) -> bool:
        """Whether thread ``tid`` stood in line for a core since the last look, or its whole process
        did. False whenever the heartbeat moved, and for a process that is gone."""
        before = self._looks.get((pid, tid))
        if before is None or before.heartbeat_ns != heartbeat_ns:
            self._looks[pid, tid] = _Look(heartbeat_ns, {})
            return False
        now = _ran_ns(pid)
        earlier, before.ran_ns = before.ran_ns, now
        if not earlier or not now:
            return False
        if now.get(tid, -1) == earlier.get(tid) and _is_runnable(pid, tid):
            return True
        return now == earlier and any(_is_runnable(pid, thread) for thread in now)


def held_by(pid: int) -> str:
    """What keeps the whole process from running: a ``signal`` (SIGSTOP, SIGTSTP), a ``debugger``;
    empty if nothing does, or it is gone. Source: proc(5), states T and t."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return {"T": "signal", "t": "debugger"}.get(stat.rpartition(")")[2].split()[0], "")


def _ran_ns(pid: int) -> dict[int, int]:
    """Time on a core, in ns, of each thread of the process; empty if it is gone."""
    ran = {}
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            words = pathlib.Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()
            ran[int(thread)] = int(words[0])
    except (OSError, ValueError, IndexError):
        return {}
    return ran


def _is_runnable(pid: int, tid: int) -> bool:
    try:
        stat = pathlib.Path(f"/proc/{pid}/task/{tid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "R"
