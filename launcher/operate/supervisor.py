"""The supervisor as the launcher sees it: started, asked, replaced, waited for, ended at any price.

The first is the launcher's child. When it dies its fork server forks the next; only if that is gone
too does the launcher start one.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from actors.runtime.pids import begin_of, is_same, open_same
from actors.runtime.plan import Plan
from actors.supervisor import OUTCOME_FILE, ControlClient, ControlError
from actors.supervisor.guard import supervisor_pid
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.operate.asking import no_supervisor
from launcher.operate.deployment import Deployment
from launcher.operate.folders import PLAN_FILE, RunLock
from launcher.operate.processes import deployment_environment

__all__ = ["OUT_FILE", "Outcome", "Supervisor", "signal_supervisor"]

OUT_FILE = "supervisor.out"

_SUCCESSOR_S = 0.5   # a fork server that lives has replaced the supervisor long before
_MOST_STARTS = 3     # of our own, until it is given up


@dataclass(frozen=True)
class Outcome:
    """How a deployment ended: a word (ORDERLY, START_FAILED, HALTED, FAILED, or DIED if the
    supervisor could not say so itself), and why."""

    word: str
    reason: str


class Supervisor:
    """``python -m actors.supervisor``, started for ``plan``, in a session of its own: it does not
    hear the terminal's Ctrl-C. It inherits ``lock``. With ``attach`` one that runs is kept."""

    def __init__(self, plan: Plan, lock: RunLock, attach: bool = False):
        self._plan, self._lock = plan, lock
        self._run_dir = pathlib.Path(plan.run_dir)
        self._process: subprocess.Popen | None = None
        self._lost_s = 0.0
        self._starts = 0
        (self._run_dir / OUTCOME_FILE).unlink(missing_ok=True)
        if not (attach and supervisor_pid(self._run_dir)):
            self._start()
        self._client = ControlClient(plan.run_dir, timeout=1.0)

    def _start(self) -> None:
        self._starts += 1
        with (self._run_dir / "logs" / OUT_FILE).open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "actors.supervisor", str(self._run_dir / PLAN_FILE)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                pass_fds=(self._lock.fd,), env=deployment_environment(self._run_dir))
        page = self._page()
        if page is not None:  # actors that run see at once that somebody comes
            page["supervisor_began"] = begin_of(self._process.pid)
            page["supervisor_pid"] = self._process.pid

    def _page(self):
        from actors.runtime.vitals import map_deployment

        try:
            return map_deployment(self._plan.shm_dir)
        except (OSError, ValueError):
            return None

    @property
    def pid(self) -> int:
        """The pid of the supervisor there is, or is to be."""
        return supervisor_pid(self._run_dir) or (self._process.pid if self._process else 0)

    @property
    def lives(self) -> bool:
        """Whether somebody looks after the deployment, or is about to. Starts a supervisor if all
        are gone and the deployment did not end."""
        if self._process is not None and self._process.poll() is None \
                or supervisor_pid(self._run_dir):
            self._lost_s = 0.0
            return True
        if (self._run_dir / OUTCOME_FILE).exists():
            return False
        now = time.monotonic()
        self._lost_s = self._lost_s or now
        page = self._page()
        if page is None:
            return False
        server = int(page["fork_server_pid"]), int(page["fork_server_began"])
        if now - self._lost_s < _SUCCESSOR_S and is_same(*server):
            return True
        if self._starts >= _MOST_STARTS:
            return False
        self._start()
        return True

    @property
    def serves(self) -> bool:
        """Whether there is one that has taken the deployment."""
        return supervisor_pid(self._run_dir) != 0

    def kill(self) -> None:
        """SIGKILL, and no other comes: first the fork server, then the supervisor."""
        self._starts = _MOST_STARTS
        page = self._page()
        if page is not None:
            pidfd = open_same(int(page["fork_server_pid"]), int(page["fork_server_began"]))
            if pidfd >= 0:
                _kill(pidfd)
        pid = supervisor_pid(self._run_dir)
        if pid and (pidfd := open_same(pid, begin_of(pid))) >= 0:
            _kill(pidfd)
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Lets go of the connection to it; it goes on."""
        self._client.close()

    def shut_down(self, reason: str) -> None:
        """Asks it to end the deployment in good order."""
        for _ in range(3):
            try:
                self._client.shutdown(reason)
                return
            except ControlError as error:
                if error.code != "replaced":
                    break
        with contextlib.suppress(ProcessLookupError):  # it is not at its socket yet
            if self.lives:
                os.kill(self.pid, signal.SIGTERM)

    def status(self) -> dict[str, Any]:
        """What it says of itself; empty while it does not answer."""
        try:
            return self._client.status()
        except ControlError:
            return {}

    def outcome(self) -> Outcome:
        """How it ended; call when it has."""
        try:
            said = json.loads((self._run_dir / OUTCOME_FILE).read_text())
            return Outcome(str(said["outcome"]), str(said["reason"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Outcome("DIED", f"the supervisor {self._how_it_died()}")

    def _how_it_died(self) -> str:
        status = self._process.poll() if self._process is not None else None
        if status is None or status < 0:
            return "was killed, and no other could take its place"
        last = _last_line(self._run_dir / "logs" / OUT_FILE)
        return f"failed with exit status {status}" + (f": {last}" if last else "")


def signal_supervisor(deployment: Deployment, word: str) -> dict[str, Any]:
    """Sends the signal called ``word`` to the supervisor of ``deployment``; says which, to whom.

    :class:`Failure` if there is no such signal, or no supervisor.
    """
    from actors.supervisor.control import RequestError, signal_number

    try:
        number = signal_number(word)
    except RequestError as error:
        raise Failure(str(error), code=ExitCode.USAGE) from None
    pid = supervisor_pid(deployment.run_dir)
    pidfd = open_same(pid, begin_of(pid)) if pid else -1
    if pidfd < 0:
        raise no_supervisor(deployment)
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, number)
    os.close(pidfd)
    return {"process": "supervisor", "actors": ["supervisor"], "pid": pid, "signal": number.name}


def _kill(pidfd: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    os.close(pidfd)


def _last_line(path: str | os.PathLike[str]) -> str:
    try:
        lines = pathlib.Path(path).read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip() if lines else ""
