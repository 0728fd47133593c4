"""Where processes come from and where they are reaped: the fork server, its children, its failures.

Normally the fork server reaps its children and reports how they ended. When it dies they become the
supervisor's own, if it was the supervisor's child, and another one is started; one that does not
answer is killed, and not waited for. Children of a fork server that nobody here began are reaped by
who adopts orphans on this machine. So every child is reaped exactly once, whatever dies first. That
a child is dead, its memory and its sockets gone, its pidfd has told before.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import select
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from actors.runtime.pids import open_same
from actors.runtime.plan import Backoff, RestartPlan
from actors.supervisor.backoff import backoff_ns, within_budget
from actors.supervisor.births import Birth
from actors.supervisor.children import Child, Children
from actors.supervisor.spawner import ForkServerLink, Report

__all__ = ["Born", "Gone", "Nursery", "NotBorn", "Problem", "ServerDied", "ServerReady"]

_UNREPORTED_NS = 500_000_000    # from a child's death to the fork server's word of it
_UNREAPED_NS = 1_000_000_000    # from a child's death to doing without its wait status
_UNANSWERED_NS = 5_000_000_000  # from a request to a fork server that is ready
_LAST_WAIT_S = 2.0
_SERVER = RestartPlan(policy="always", max_restarts=5, within_ns=60_000_000_000,
                      backoff=Backoff(initial_ns=10_000_000, max_ns=1_000_000_000, jitter=0.0))


@dataclass(frozen=True)
class Born:
    child: Child


@dataclass(frozen=True)
class NotBorn:
    child: Child
    reason: str


@dataclass(frozen=True)
class Gone:
    """Dead. ``code`` is its exit code, negative for a signal; None if it was lost with a fork
    server."""

    child: Child
    code: int | None


@dataclass(frozen=True)
class ServerReady:
    compiled: int
    units: int


@dataclass(frozen=True)
class ServerDied:
    """``final``: it dies too often to be started again."""

    reason: str
    final: bool


@dataclass(frozen=True)
class Problem:
    """Something the fork server could not import or compile."""

    text: str


News = Born | NotBorn | Gone | ServerReady | ServerDied | Problem


class Nursery:
    """``progress`` is the last report of what was compiled: done, total, compiled, name."""

    def __init__(self, plan_path: str, link: ForkServerLink, now_ns: int,
                 start: Callable[[str], ForkServerLink] = ForkServerLink,
                 births: Callable[[], Iterable[Birth]] = tuple):
        """``births``: the last birth noted of each process."""
        self.children = Children()
        self.progress: dict[str, int | str] = {"done": 0, "total": 0, "compiled": 0, "name": ""}
        self._plan_path, self._start, self._births = plan_path, start, births
        self._link: ForkServerLink | None = link
        self._restarted_ns: list[int] = []
        self._start_at_ns = 0
        self._dying: dict[int, ForkServerLink] = {}  # fork servers killed and not yet reaped
        self._final = False
        self._retired = False

    @property
    def server_pid(self) -> int:
        """The fork server's pid; 0 while there is none."""
        return self._link.pid if self._link is not None else 0

    def fds(self) -> list[int]:
        """Descriptors that become readable when :meth:`collect` has news."""
        found = [c.pidfd for c in self.children if c.pidfd >= 0 and not c.dead_ns]
        return found + ([self._link.fileno(), self._link.pidfd] if self._link is not None else [])

    @property
    def ready(self) -> bool:
        """Whether what is asked for is forked at once."""
        return self._link is not None and self._link.ready

    def request(self, process: str, incarnation: int, now_ns: int) -> None:
        """A process is wanted; news of it will come."""
        child = self.children.expect(process, incarnation, now_ns)
        if self.ready:
            self._ask(child, now_ns)

    def note_deaths(self, readable: set[int], now_ns: int) -> None:
        """``readable`` are descriptors found readable: those of the dead among them are noted."""
        for child in self.children:
            if child.pidfd in readable and not child.dead_ns:
                child.dead_ns = now_ns

    def collect(self, now_ns: int) -> list[News]:
        """All there is to tell, without waiting."""
        news: list[News] = []
        if self._link is not None:
            for report in self._link.reports():
                news += self._hear(report, now_ns)
        news += self._reap(now_ns)
        news += self._watch(now_ns)
        if self._link is None and (self._final or self._retired):
            news += [self._not_born(c, "no fork server") for c in self.children if not c.pid]
        elif self._link is None and now_ns >= self._start_at_ns:
            self._link = self._start(self._plan_path)
        return news

    def retire(self) -> None:
        """The deployment ends: a fork server that dies now is not replaced."""
        self._retired = True

    def close(self) -> None:
        """Ends the fork server and waits for it; no child may be left."""
        if self._link is not None:
            self._link.kill()
            select.select([self._link.pidfd], [], [], _LAST_WAIT_S)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._link.pid, os.WNOHANG)
            self._link.forget()
            self._link = None
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    # ---- the fork server ---------------------------------------------------------------------

    def _ask(self, child: Child, now_ns: int) -> None:
        child.server, child.asked_ns = self._link.pid, now_ns
        try:
            self._link.spawn(child.process, child.incarnation)
        except OSError:  # it is about to be found dead; the next one is asked again
            child.server = 0

    def _hear(self, report: Report, now_ns: int) -> list[News]:
        data = report.data
        match report.op:
            case "progress":
                self.progress = data
            case "problem":
                return [Problem(data["text"])]
            case "ready":
                self._ask_again(now_ns)
                return [ServerReady(data["compiled"], data["units"])]
            case "spawned":
                return self._born(data, report.fds, now_ns)
            case "spawn_failed":
                child = self.children.find(data["process"], data["incarnation"])
                return [] if child is None else [self._not_born(child, data["text"])]
            case "exited":
                return self._gone(data["pid"], data["code"])
        return []

    def _born(self, data: dict, fds: tuple[int, ...], now_ns: int) -> list[News]:
        child = self.children.find(data["process"], data["incarnation"])
        if child is None or child.pid:
            for fd in fds:
                signal.pidfd_send_signal(fd, signal.SIGKILL)
                os.close(fd)
            return []
        self.children.born(child, data["pid"], fds[0], now_ns)
        return [Born(child)]

    def _not_born(self, child: Child, reason: str) -> NotBorn:
        self.children.remove(child)
        return NotBorn(child, reason)

    def _gone(self, pid: int, code: int) -> list[News]:
        child = self.children.with_pid(pid)
        if child is None:
            return []
        self.children.remove(child)
        return [Gone(child, code)]

    def _ask_again(self, now_ns: int) -> None:
        """Requests that no fork server has any more go to the one there is."""
        if self.ready:
            for child in self.children:
                if child.pid == 0 and child.server == 0:
                    self._ask(child, now_ns)

    def _lose_server(self, reason: str, now_ns: int) -> ServerDied:
        """Lets the fork server go and plans the next, if it has not died too often."""
        for child in self.children:
            child.lost |= child.pid > 0 and child.server == self.server_pid \
                and not self._link.is_child
        self._link.close()
        self._dying[self._link.pid] = self._link
        self._link = None
        recent = [t for t in self._restarted_ns if t > now_ns - _SERVER.within_ns]
        self._start_at_ns = now_ns + backoff_ns(_SERVER.backoff, len(recent), 0.5)
        self._final = not within_budget(_SERVER, recent, self._start_at_ns)
        self._restarted_ns = [*recent, self._start_at_ns]
        return ServerDied(reason, self._final)

    def _server_reaped(self, pid: int, now_ns: int) -> None:
        """Nothing will come of what was asked of it: others may be asked now."""
        self._dying.pop(pid).forget()
        self._kill_strangers()
        for child in self.children:
            if child.pid == 0 and child.server == pid:
                child.server = 0
        self._ask_again(now_ns)

    def _kill_strangers(self) -> None:
        """Ends what the dead fork server left here and had not reported: nobody knows it."""
        known = {child.pid for child in self.children} | self._dying.keys() | {self.server_pid}
        for birth in self._births():
            if birth.pid not in known and (pidfd := open_same(birth.pid, birth.began)) >= 0:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                os.close(pidfd)
        for task in pathlib.Path("/proc/self/task").iterdir():
            try:
                pids = [int(pid) for pid in (task / "children").read_text().split()]
            except OSError:
                continue
            for pid in pids:
                if pid not in known:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    # ---- reaping -----------------------------------------------------------------------------

    def _reap(self, now_ns: int) -> list[News]:
        """The supervisor's own children: the fork server, and what a dead one left behind."""
        news: list[News] = []
        if self._link is not None and not self._link.is_child and self._link.is_dead:
            news += self._last_words(now_ns, "the fork server ended")
        for pid, server in tuple(self._dying.items()):
            if not server.is_child and server.is_dead:
                self._server_reaped(pid, now_ns)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return news
            if pid == 0:
                return news
            code = os.waitstatus_to_exitcode(status)
            if pid == self.server_pid:
                news += self._last_words(now_ns, f"the fork server ended ({code})")
                self._server_reaped(pid, now_ns)
            elif pid in self._dying:
                self._server_reaped(pid, now_ns)
            else:
                news += self._gone(pid, code)

    def _last_words(self, now_ns: int, reason: str) -> list[News]:
        """Hears what a fork server that ended still had to say, and lets it go."""
        news = [told for report in self._link.reports() for told in self._hear(report, now_ns)]
        return [*news, self._lose_server(reason, now_ns)]

    def _watch(self, now_ns: int) -> list[News]:
        """A fork server that does not do its work is killed and replaced."""
        news: list[News] = []
        for child in self.children:
            dead_for = now_ns - child.dead_ns if child.dead_ns else 0
            unborn = child.pid == 0 and now_ns - child.asked_ns > _UNANSWERED_NS
            if (dead_for > _UNREPORTED_NS or unborn) and child.server == self.server_pid != 0:
                self._link.kill()
                news.append(self._lose_server("the fork server did not answer", now_ns))
            elif dead_for > _UNREAPED_NS or child.dead_ns and child.lost:
                self.children.remove(child)
                news.append(Gone(child, None))
        return news
