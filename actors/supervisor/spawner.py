"""The supervisor's side of the fork server: starts it, asks it for processes, hears of their ends.

Standard library only: the fork server is started before the supervisor imports what is slow, so
that both do it at the same time.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import select
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["ForkServerLink", "Report"]

_MESSAGE_BYTES = 65_536


@dataclass(frozen=True)
class Report:
    """What the fork server tells: ``op`` and its fields; ``fds`` now belong to the receiver."""

    op: str
    data: dict
    fds: tuple[int, ...] = field(default=())


class ForkServerLink:
    """A running fork server. It is a child of this process, which has to reap it, unless it is the
    other way round: a fork server whose supervisor died forks the next one (``is_child`` False).
    """

    def __init__(self, plan_path: str | os.PathLike[str]):
        run_dir = pathlib.Path(json.loads(pathlib.Path(plan_path).read_text())["run_dir"])
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.setblocking(False)
        out = run_dir / "logs" / "forkserver.out"
        out.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "actors.supervisor.forkserver", str(theirs.fileno()),
                   str(os.getpid()), os.fspath(plan_path)]
        append = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with theirs:
            theirs.set_inheritable(True)
            self.pid = os.posix_spawn(
                sys.executable, command, {**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.fspath(out), append, 0o600),
                              (os.POSIX_SPAWN_DUP2, 1, 2)],
                setsigdef=(signal.SIGINT, signal.SIGTERM, signal.SIGCHLD))
        self._pidfd = os.pidfd_open(self.pid)  # not reaped: it is this child's, dead or alive
        self.ready, self.is_child = False, True

    @classmethod
    def inherited(cls, link: socket.socket, pid: int, pidfd: int, ready: bool) -> ForkServerLink:
        """The other end of ``link`` is the fork server ``pid``, the parent of this process."""
        server = cls.__new__(cls)
        link.setblocking(False)
        server._link, server._pidfd = link, pidfd
        server.pid, server.ready, server.is_child = pid, ready, False
        return server

    @property
    def pidfd(self) -> int:
        return self._pidfd

    @property
    def is_dead(self) -> bool:
        """Whether it ended; a child is then to be reaped."""
        return bool(select.select([self._pidfd], [], [], 0)[0])

    def kill(self) -> None:
        """SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def forget(self) -> None:
        """Closes what is left, once it is dead."""
        self._link.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def fileno(self) -> int:
        return self._link.fileno()

    def spawn(self, process: str, incarnation: int) -> None:
        """Asks for a process; ``spawned`` or ``spawn_failed`` will be reported. OSError if the
        fork server is gone or takes nothing more."""
        request = {"op": "spawn", "process": process, "incarnation": incarnation}
        self._link.send(json.dumps(request).encode())

    def reports(self) -> Iterator[Report]:
        """What there is to hear, without waiting."""
        while True:
            try:
                message, fds, _, _ = socket.recv_fds(self._link, _MESSAGE_BYTES, 4)
            except (BlockingIOError, ConnectionResetError):
                return
            if not message:
                return
            data = json.loads(message)
            op = data.pop("op")
            self.ready = self.ready or op == "ready"
            yield Report(op, data, tuple(fds))

    def close(self) -> None:
        """Asks it for nothing more. It lives until it is killed."""
        self._link.close()
