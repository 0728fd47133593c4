"""Whether a thread that makes no progress was given a core at all.

A reactor that waits for its turn on a busy machine looks like one that hangs: its heartbeat stands
still. Linux tells them apart: a starved thread is runnable and its run time stands still; one that
hangs sleeps, is stopped, or runs. Source: proc(5), ``/proc/pid/task/tid/stat`` and ``schedstat``.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

__all__ = ["StarvationWatch"]


@dataclass
class _Thread:
    heartbeat_ns: int
    ran_ns: int


class StarvationWatch:
    """Remembers, by thread, what was seen at the last look."""

    def __init__(self) -> None:
        self._threads: dict[tuple[int, int], _Thread] = {}

    def starved(self, pid: int, tid: int, heartbeat_ns: int) -> bool:
        """Whether the thread stood in line for a core since the last look. False whenever its
        heartbeat moved, and for a thread that is gone."""
        before = self._threads.get((pid, tid))
        if before is not None and before.heartbeat_ns != heartbeat_ns:
            before.heartbeat_ns = heartbeat_ns
            before.ran_ns = -1
            return False
        ran_ns = _ran_ns(pid, tid)
        if ran_ns is None:
            self._threads.pop((pid, tid), None)
            return False
        if before is None or before.ran_ns < 0:
            self._threads[pid, tid] = _Thread(heartbeat_ns, ran_ns)
            return False
        ran, before.ran_ns = ran_ns - before.ran_ns, ran_ns
        return ran == 0 and _is_runnable(pid, tid)


def _ran_ns(pid: int, tid: int) -> int | None:
    try:
        return int(pathlib.Path(f"/proc/{pid}/task/{tid}/schedstat").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _is_runnable(pid: int, tid: int) -> bool:
    try:
        stat = pathlib.Path(f"/proc/{pid}/task/{tid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "R"
