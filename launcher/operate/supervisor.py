"""The supervisor as the launcher's child: started, asked, waited for, and ended at any price."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from actors.runtime.plan import Plan
from actors.supervisor import OUTCOME_FILE, ControlClient, ControlError
from launcher.operate.folders import PLAN_FILE, RunLock
from launcher.operate.processes import deployment_environment

__all__ = ["OUT_FILE", "Outcome", "Supervisor"]

OUT_FILE = "supervisor.out"


@dataclass(frozen=True)
class Outcome:
    """How a deployment ended: a word (ORDERLY, START_FAILED, HALTED, FAILED, or DIED if the
    supervisor could not say so itself), and why."""

    word: str
    reason: str


class Supervisor:
    """``python -m actors.supervisor``, started for ``plan``, in a session of its own: it does not
    hear the terminal's Ctrl-C. It inherits ``lock``."""

    def __init__(self, plan: Plan, lock: RunLock):
        self._run_dir = pathlib.Path(plan.run_dir)
        (self._run_dir / OUTCOME_FILE).unlink(missing_ok=True)
        with (self._run_dir / "logs" / OUT_FILE).open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "actors.supervisor", str(self._run_dir / PLAN_FILE)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                pass_fds=(lock.fd,), env=deployment_environment(plan.run_dir))
        self._client = ControlClient(plan.run_dir, timeout=1.0)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def wait(self, timeout: float) -> bool:
        """Whether it ended within ``timeout`` s."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL, and reaps it."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Lets go of the connection to it; it goes on."""
        self._client.close()

    def shut_down(self, reason: str) -> None:
        """Asks it to end the deployment in good order."""
        try:
            self._client.shutdown(reason)
        except ControlError:  # it is not at its socket yet
            if self.lives:
                self._process.terminate()

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
        status = self._process.returncode
        if status < 0:
            return f"was killed by signal {-status}"
        last = _last_line(self._run_dir / "logs" / OUT_FILE)
        return f"failed with exit status {status}" + (f": {last}" if last else "")


def _last_line(path: str | os.PathLike[str]) -> str:
    try:
        lines = pathlib.Path(path).read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip() if lines else ""
