"""The supervisor's side of the fork server: starts it, asks it for processes, hears of their ends.

Standard library only: the fork server is started before the supervisor imports what is slow, so
that both do it at the same time.
"""

from __future__ import annotations

import json
import os
import pathlib
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
    """A running fork server. ``pid`` is a child of this process, which has to reap it."""

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
        self.ready = False

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
        """Lets the fork server go: it ends when it sees its link closed."""
        self._link.close()
