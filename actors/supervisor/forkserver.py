"""The fork server: one process that has imported and compiled everything, and forks on request.

It has one thread and no ZeroMQ context, so a fork of it is a clean beginning: a process of the
deployment runs milliseconds after it was asked for. Requests and reports are JSON, a message each,
over a SOCK_SEQPACKET socket; a new child's pidfd comes along with the report of it. Its children
are its own to reap.

It and the supervisor look after each other: a supervisor that died, or does nothing, is replaced by
one forked here, which has everything imported and every kernel loaded as well, and knows from
memory which children there are. A fork server that died the supervisor replaces.

Requests: ``{"op": "spawn", "process": NAME, "incarnation": N}``. Reports: ``progress``,
``problem``, ``ready``, ``spawned``, ``spawn_failed``, ``exited``.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import pathlib
import select
import signal
import socket
import sys
import time
import traceback

from actors.runtime.clock import monotonic_ns
from actors.supervisor.births import note_birth
from actors.supervisor.family import Family, Member
from actors.supervisor.parentage import close_on_exec
from actors.supervisor.spawner import ForkServerLink
from actors.supervisor.units import class_paths, load_units
from actors.supervisor.warm import Progress, warm_up
from actors.supervisor.watch import LOOK_NS, SupervisorWatch, replacement_delay_ns

__all__ = ["EXIT_UNCAUGHT", "ForkServer", "MESSAGE_BYTES", "main"]

MESSAGE_BYTES = 65_536
_LONGEST_TEXT = 2_000
_RELEASE_AFTER_NS = 1_000_000_000
_MOST_DEAD = 256
EXIT_UNCAUGHT = 70  # as when an actor fails: whatever run_process() raised is in the .out file


class ForkServer:
    """Serves the supervisor ``supervisor`` at the other end of ``link``, then its successors, until
    it is killed."""

    def __init__(self, link: socket.socket, plan_path: str, supervisor: int):
        self._link, self._plan_path = link, plan_path
        self._done, self._ready = 0, False
        self._family = Family()
        self._unreleased: list[int] = []  # the dead that were reported
        plan = json.loads(pathlib.Path(plan_path).read_text())
        self._run_dir, self._shm_dir = pathlib.Path(plan["run_dir"]), plan["shm_dir"]
        self._watch = SupervisorWatch(self._shm_dir)
        self._watch.begin(supervisor, monotonic_ns())

    # ---- preparing ---------------------------------------------------------------------------

    def prepare(self) -> None:
        """Imports every actor class and compiles, or loads, every kernel they need.

        The first one that the cache lacks brings in workers, on all cores, for the rest.
        """
        paths, python_path = class_paths(self._plan_path)
        units, failures = load_units(paths, python_path)
        import actors.runtime.process  # noqa: F401  forked children find it imported
        import actors.supervisor.supervisor  # noqa: F401
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
        self._ready = True
        self._report("ready", compiled=compiled, units=len(units))

    def _warm(self) -> int:
        def forward(p: Progress) -> None:
            self._progress(Progress(p.done, p.total, 1 + p.compiled, p.name))

        return warm_up(self._plan_path, progress=forward).compiled

    def _progress(self, p: Progress) -> None:
        self._done = max(self._done, p.done)  # what workers did is loaded once more here
        self._report("progress", done=self._done, total=p.total, compiled=p.compiled, name=p.name)
        self._look_after_supervisor()

    # ---- serving -----------------------------------------------------------------------------

    def serve(self) -> None:
        """Forks, reports deaths, and sees to it that there is a supervisor.

        Releasing a dead child (wait(2) without WNOWAIT) can keep the kernel busy for a good part of
        a second on a loaded machine, so that is left for when nobody waits for a successor.
        """
        wake_in, self._wake_out = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_out, warn_on_full_buffer=False)
        quiet_ns = monotonic_ns()
        while True:
            fds = [fd for fd in (self._link, wake_in, self._watch.pidfd) if fd != -1]
            readable = select.select(fds, [], [], LOOK_NS / 1e9)[0]
            now = monotonic_ns()
            if wake_in in readable:
                os.read(wake_in, 4096)
                self._report_deaths()
            if self._link in readable:
                self._take_request()
            self._look_after_supervisor()
            if readable:
                quiet_ns = now
            elif self._unreleased and now - quiet_ns > _RELEASE_AFTER_NS:
                self._release()
            if len(self._unreleased) > _MOST_DEAD:
                self._release()

    def _take_request(self) -> None:
        request = b""
        with contextlib.suppress(ConnectionResetError):
            request = self._link.recv(MESSAGE_BYTES)
        if request:
            self._spawn(json.loads(request))
        else:  # closed: the supervisor is about to end, or to kill this process
            self._link.close()
            self._link = -1

    def _release(self) -> None:
        pid = self._unreleased.pop(0)
        os.waitpid(pid, 0)
        self._family.forget(pid)

    # ---- the supervisor ----------------------------------------------------------------------

    def _look_after_supervisor(self) -> None:
        if self._watch.died:
            self._replace_supervisor()
        elif self._watch.look(monotonic_ns()):
            print(f"supervisor {self._watch.pid} had no heartbeat: killed", flush=True)

    def _replace_supervisor(self) -> None:
        """Forks the next one. What the last one still asked for is dropped: it was written down,
        and is asked for again if it still is wanted."""
        self._watch.end(monotonic_ns())
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._watch.pid, os.WNOHANG)
        delay = replacement_delay_ns(self._watch.short_lives)
        if delay is None:
            print("supervisors end as soon as they begin: no more of them", flush=True)
            os._exit(1)
        if delay:
            time.sleep(delay / 1e9)
        if self._link != -1:
            self._link.close()
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._report_deaths()
        server, pidfd = os.getpid(), os.pidfd_open(os.getpid())
        pid = os.fork()
        if pid == 0:
            self._become_supervisor(theirs, server, pidfd)
        theirs.close()
        os.close(pidfd)
        self._watch.begin(pid, monotonic_ns())

    def _become_supervisor(self, link: socket.socket, server: int, pidfd: int) -> None:
        """The child: supervises the deployment to its end and never returns."""
        status = EXIT_UNCAUGHT
        try:
            self._leave_server()
            _redirect(self._run_dir / "logs" / "supervisor.out")
            from actors.supervisor.supervisor import run_supervisor
            status = run_supervisor(self._plan_path, ForkServerLink.inherited(
                link, server, pidfd, self._ready), self._family)
        except BaseException:
            traceback.print_exc()
        finally:
            _exit(status)

    def _leave_server(self) -> None:
        """In a child: nothing of the server's stays open, or catches signals."""
        if self._link != -1:
            self._link.close()
        if self._watch.pidfd >= 0:
            os.close(self._watch.pidfd)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    # ---- children ----------------------------------------------------------------------------

    def _spawn(self, request: dict) -> None:
        name, incarnation = request["process"], request["incarnation"]
        try:
            pid = os.fork()
        except OSError as error:
            self._report("spawn_failed", process=name, incarnation=incarnation,
                         text=f"cannot fork: {error.strerror}")
            return
        if pid == 0:
            self._become(name, incarnation)
        self._family.add(pid, Member(name, incarnation, monotonic_ns()))
        pidfd = os.pidfd_open(pid)  # not reaped yet: it is this child's, dead or alive
        try:
            self._report("spawned", fds=[pidfd], process=name, incarnation=incarnation, pid=pid)
        finally:
            os.close(pidfd)

    def _become(self, name: str, incarnation: int) -> None:
        """The child: runs the process of the plan called ``name`` and never returns."""
        status = EXIT_UNCAUGHT
        try:
            note_birth(self._shm_dir, name, incarnation)
            self._leave_server()
            _redirect(self._run_dir / "logs" / f"{name}.out")
            from actors.runtime.process import run_process
            status = run_process(self._plan_path, name)
        except BaseException:  # nothing may return into the server's loop
            traceback.print_exc()
        finally:
            _exit(status)

    def _report_deaths(self) -> None:
        for pid in self._family.living:
            end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if end is not None:
                exited = end.si_code == os.CLD_EXITED
                code = end.si_status if exited else -end.si_status
                self._family.ended(pid, code)
                self._unreleased.append(pid)
                self._report("exited", pid=pid, code=code)

    def _report(self, op: str, fds: list[int] = (), **fields) -> None:
        if "text" in fields:
            fields["text"] = fields["text"][:_LONGEST_TEXT]
        message = json.dumps({"op": op, **fields}).encode()
        if self._link != -1:  # else the supervisor is gone; the next one knows from memory
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                socket.send_fds(self._link, [message], fds)


def _redirect(path: pathlib.Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    out = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    os.close(null)


def _exit(status: int) -> None:
    """Ends a child at once: what the server would do at its end is not the child's to do."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _last_line(error: BaseException) -> str:
    return traceback.format_exception_only(error)[-1].strip().splitlines()[-1]


def main(argv: list[str]) -> int:
    """Entry: ``python -m actors.supervisor.forkserver FD SUPERVISOR_PID PLAN``."""
    fd, supervisor, plan_path = int(argv[0]), int(argv[1]), argv[2]
    close_on_exec()
    for number in (signal.SIGINT, signal.SIGTERM):  # to a whole group: the supervisor's to obey
        signal.signal(number, signal.SIG_IGN)
    server = ForkServer(socket.socket(fileno=fd), plan_path, supervisor)
    server.prepare()
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
