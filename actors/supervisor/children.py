"""The living incarnations: pid, pidfd, and what is to be sent once the fork server has forked."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field

from actors.runtime.clock import monotonic_ns

__all__ = ["Child", "Children"]


@dataclass
class Child:
    """One incarnation of a process, from the request to fork it until it is reaped.

    ``pid`` is 0 until it is forked; a signal meant for it waits in ``pending``. Times are ns:
    when it was asked for, forked, sent a SIGKILL, and found dead. ``server`` is
    the pid of the fork server asked.
    """

    process: str
    incarnation: int
    asked_ns: int
    server: int = 0
    pid: int = 0
    pidfd: int = -1
    forked_ns: int = 0
    killed_ns: int = 0
    dead_ns: int = 0
    pending: list[int] = field(default_factory=list)

    def send(self, number: int) -> bool:
        """Sends a signal, or notes it for when there is somebody to get it. False if it is dead."""
        if self.pid == 0:
            self.pending.append(number)
            return True
        if number == signal.SIGKILL:
            self.killed_ns = self.killed_ns or monotonic_ns()
        try:
            signal.pidfd_send_signal(self.pidfd, number)
        except ProcessLookupError:
            return False
        return True


class Children:
    """All of them, by process and by pid."""

    def __init__(self) -> None:
        self._by_process: dict[str, Child] = {}

    def __iter__(self):
        return iter(tuple(self._by_process.values()))

    def of(self, process: str) -> Child | None:
        """The incarnation of ``process`` that lives or is not reaped yet."""
        return self._by_process.get(process)

    def find(self, process: str, incarnation: int) -> Child | None:
        child = self._by_process.get(process)
        return child if child is not None and child.incarnation == incarnation else None

    def with_pid(self, pid: int) -> Child | None:
        return next((c for c in self._by_process.values() if c.pid == pid), None)

    def expect(self, process: str, incarnation: int, now_ns: int) -> Child:
        """A fork is asked for."""
        child = self._by_process[process] = Child(process, incarnation, now_ns)
        return child

    def born(self, child: Child, pid: int, pidfd: int, now_ns: int) -> None:
        """It was forked: what was meant for it is sent."""
        child.pid, child.pidfd, child.forked_ns = pid, pidfd, now_ns
        pending, child.pending = child.pending, []
        for number in pending:
            child.send(number)

    def remove(self, child: Child) -> None:
        """It was reaped, or never came to be."""
        if child.pidfd >= 0:
            os.close(child.pidfd)
            child.pidfd = -1
        if self._by_process.get(child.process) is child:
            del self._by_process[child.process]
