"""The fork server: one process that has imported and compiled everything, and forks on request.

It has one thread and no ZeroMQ context, so a fork of it is a clean beginning: a process of the
deployment runs milliseconds after it was asked for. Requests and reports are JSON, a message each,
over a SOCK_SEQPACKET socket; a new child's pidfd comes along with the report of it. Its children
are its own to reap; when it dies they become the supervisor's.

Requests: ``{"op": "spawn", "process": NAME, "incarnation": N}``. Reports: ``progress``,
``problem``, ``ready``, ``spawned``, ``spawn_failed``, ``exited``.
"""

from __future__ import annotations

import gc
import json
import os
import pathlib
import select
import signal
import socket
import sys
import traceback

from actors.supervisor.parentage import close_on_exec, die_with_parent
from actors.supervisor.units import class_paths, load_units
from actors.supervisor.warm import Progress, warm_up

__all__ = ["EXIT_UNCAUGHT", "ForkServer", "MESSAGE_BYTES", "main"]

MESSAGE_BYTES = 65_536
_LONGEST_TEXT = 2_000
_RELEASE_AFTER_MS = 1_000
_MOST_DEAD = 256
EXIT_UNCAUGHT = 70  # as when an actor fails: whatever run_process() raised is in the .out file


class ForkServer:
    """Serves the supervisor at the other end of ``link`` until that end closes."""

    def __init__(self, link: socket.socket, plan_path: str):
        self._link, self._plan_path = link, plan_path
        self._done = 0
        self._living: set[int] = set()
        self._dead: list[int] = []  # reported, not released yet
        self._run_dir = pathlib.Path(json.loads(pathlib.Path(plan_path).read_text())["run_dir"])

    # ---- preparing ---------------------------------------------------------------------------

    def prepare(self) -> None:
        """Imports every actor class and compiles, or loads, every kernel they need.

        The first one that the cache lacks brings in workers, on all cores, for the rest.
        """
        paths, python_path = class_paths(self._plan_path)
        units, failures = load_units(paths, python_path)
        import actors.runtime.process  # noqa: F401  forked children find it imported
        for failure in failures:
            self._report("problem", text=failure.reason)
        compiled = 0
        self._progress(Progress(0, len(units), 0, units[0].name))
        for done, unit in enumerate(units, 1):
            try:
                if not unit.compile():
                    compiled += 1
                    if compiled == 1:
                        compiled += self._warm()
            except Exception as error:  # the actor that needs it fails and says so
                self._report("problem", text=f"{unit.name} does not compile: {_last_line(error)}")
            self._progress(Progress(done, len(units), compiled, unit.name))
        gc.collect()
        gc.freeze()  # what is here stays shared with the children
        self._report("ready", compiled=compiled, units=len(units))

    def _warm(self) -> int:
        def forward(p: Progress) -> None:
            self._progress(Progress(p.done, p.total, 1 + p.compiled, p.name))

        return warm_up(self._plan_path, progress=forward).compiled

    def _progress(self, p: Progress) -> None:
        self._done = max(self._done, p.done)  # what workers did is loaded once more here
        self._report("progress", done=self._done, total=p.total, compiled=p.compiled, name=p.name)

    # ---- serving -----------------------------------------------------------------------------

    def serve(self) -> None:
        """Forks and reports deaths until the supervisor is gone.

        Releasing a dead child (wait(2) without WNOWAIT) can keep the kernel busy for a good part of
        a second on a loaded machine, so that is left for when nobody waits for a successor.
        """
        wake_in, wake_out = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_out, warn_on_full_buffer=False)
        poller = select.poll()
        poller.register(self._link, select.POLLIN)
        poller.register(wake_in, select.POLLIN)
        while True:
            ready = poller.poll(_RELEASE_AFTER_MS if self._dead else None)
            for fd, _ in ready:
                if fd == wake_in:
                    os.read(wake_in, 4096)
                    self._report_deaths()
                else:
                    request = self._link.recv(MESSAGE_BYTES)
                    if not request:
                        return
                    self._spawn(json.loads(request))
            if self._dead and (not ready or len(self._dead) > _MOST_DEAD):
                os.waitpid(self._dead.pop(0), 0)

    def _spawn(self, request: dict) -> None:
        name, incarnation = request["process"], request["incarnation"]
        try:
            pid = os.fork()
        except OSError as error:
            self._report("spawn_failed", process=name, incarnation=incarnation,
                         text=f"cannot fork: {error.strerror}")
            return
        if pid == 0:
            self._become(name)
        self._living.add(pid)
        pidfd = os.pidfd_open(pid)  # not reaped yet: it is this child's, dead or alive
        try:
            self._report("spawned", fds=[pidfd], process=name, incarnation=incarnation, pid=pid)
        finally:
            os.close(pidfd)

    def _become(self, name: str) -> None:
        """The child: runs the process of the plan called ``name`` and never returns."""
        status = EXIT_UNCAUGHT
        try:
            self._link.close()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _redirect(self._run_dir / "logs" / f"{name}.out")
            from actors.runtime.process import run_process
            status = run_process(self._plan_path, name)
        except BaseException:  # nothing may return into the server's loop
            traceback.print_exc()
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)

    def _report_deaths(self) -> None:
        for pid in tuple(self._living):
            end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if end is not None:
                exited = end.si_code == os.CLD_EXITED
                self._living.remove(pid)
                self._dead.append(pid)
                self._report("exited", pid=pid, code=end.si_status if exited else -end.si_status)

    def _report(self, op: str, fds: list[int] = (), **fields) -> None:
        if "text" in fields:
            fields["text"] = fields["text"][:_LONGEST_TEXT]
        message = json.dumps({"op": op, **fields}).encode()
        try:
            socket.send_fds(self._link, [message], fds)
        except (BrokenPipeError, ConnectionResetError):
            os._exit(0)  # the supervisor is gone; so, by prctl, is this process about to be


def _redirect(path: pathlib.Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    out = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    os.close(null)


def _last_line(error: BaseException) -> str:
    return traceback.format_exception_only(error)[-1].strip().splitlines()[-1]


def main(argv: list[str]) -> int:
    """Entry: ``python -m actors.supervisor.forkserver FD PARENT_PID PLAN``."""
    fd, parent, plan_path = int(argv[0]), int(argv[1]), argv[2]
    die_with_parent(parent)
    close_on_exec()
    for number in (signal.SIGINT, signal.SIGTERM):  # to a whole group: the supervisor's to obey
        signal.signal(number, signal.SIG_IGN)
    server = ForkServer(socket.socket(fileno=fd), plan_path)
    server.prepare()
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
