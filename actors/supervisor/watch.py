"""The supervisor as its fork server sees it: whether it lives and works, when to replace it.

A supervisor whose heartbeat stands still is killed, which ends also one that is stopped; only then
is it replaced. One that has not begun to beat has more time, one that gets no core all it needs.
"""

from __future__ import annotations

import os
import select
import signal

from actors.runtime.clock import NS
from actors.runtime.vitals import map_deployment
from actors.supervisor.starvation import StarvationWatch

__all__ = ["LOOK_NS", "SupervisorWatch", "replacement_delay_ns"]

LOOK_NS = 250_000_000
_MOST_MISSES = 8
_MOST_MISSES_AT_START = 120
_SHORT_LIFE_NS = NS
_FIRST_DELAY_NS = 100_000_000
_LONGEST_DELAY_NS = NS
_AT_ONCE = 10
_MOST_SHORT_LIVES = 40


def replacement_delay_ns(short_lives: int) -> int | None:
    """How long to wait before the next supervisor when so many in a row ended within a second;
    None: no more of them. The first ones are replaced at once: people kill supervisors, too."""
    if short_lives > _MOST_SHORT_LIVES:
        return None
    return min(max(short_lives - _AT_ONCE, 0) * _FIRST_DELAY_NS, _LONGEST_DELAY_NS)


class SupervisorWatch:
    """Watches one supervisor after the other."""

    def __init__(self, shm_dir: str | os.PathLike[str]):
        self._shm_dir = shm_dir
        self._page = None
        self._starvation = StarvationWatch()
        self.pid, self.pidfd = 0, -1
        self._began_ns = self._next_ns = 0
        self._beat_ns = self._misses = 0
        self.short_lives = 0

    def begin(self, pid: int, now_ns: int) -> None:
        """From here on ``pid`` is the supervisor."""
        self.pid, self._began_ns = pid, now_ns
        self._beat_ns = self._misses = 0
        try:
            self.pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            self.pidfd = -1

    @property
    def died(self) -> bool:
        """Whether it ended, however."""
        return self.pidfd < 0 or bool(select.select([self.pidfd], [], [], 0)[0])

    def end(self, now_ns: int) -> None:
        """It is dead: counts how it lived."""
        short = now_ns - self._began_ns < _SHORT_LIFE_NS
        self.short_lives = self.short_lives + 1 if short else 0
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1

    def look(self, now_ns: int) -> bool:
        """Counts looks that found its heartbeat where it was; kills it, and says so, after too
        many. Looks closer together than ``LOOK_NS`` count once."""
        if now_ns < self._next_ns or self.pidfd < 0:
            return False
        self._next_ns = now_ns + LOOK_NS
        beat_ns = self._heartbeat_ns()
        if beat_ns != self._beat_ns:
            self._beat_ns, self._misses = beat_ns, 0
        if self._starvation.starved(self.pid, self.pid, beat_ns):
            return False
        self._misses += 1
        if self._misses <= (_MOST_MISSES if beat_ns else _MOST_MISSES_AT_START):
            return False
        try:
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return True

    def _heartbeat_ns(self) -> int:
        """Its last heartbeat; 0 while it has not made the deployment page, or taken it over."""
        if self._page is None:
            try:
                self._page = map_deployment(self._shm_dir)
            except (OSError, ValueError):
                return 0
        return int(self._page["supervisor_ns"]) if self._page["supervisor_pid"] == self.pid else 0
