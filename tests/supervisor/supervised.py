"""Deployments of small actors under a real supervisor, for tests."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
from typing import Any

from actors.runtime.plan import Plan
from actors.runtime.vitals import Vitals, map_deployment, map_table, map_wires
from actors.supervisor import ControlClient, ControlError
from tests.runtime.deployments import eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]


def with_actor(plan: Plan, name: str, **changes: Any) -> Plan:
    """The plan with fields of one actor changed, written where the supervisor reads it."""
    actors = tuple(dataclasses.replace(a, **changes) if a.name == name else a for a in plan.actors)
    return written(dataclasses.replace(plan, actors=actors))


def written(plan: Plan) -> Plan:
    path = pathlib.Path(plan.run_dir) / "plan.json"
    path.write_text(plan.to_json())
    return plan


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def zombies_of(pid: int) -> list[int]:
    """Children of ``pid`` that ended and were not reaped."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] == "Z" and int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


class Supervised:
    """A supervisor in a process of its own, and a client that talks to it."""

    def __init__(self, plan: Plan, **environment: str):
        self.plan = plan
        command = [sys.executable, "-m", "actors.supervisor", f"{plan.run_dir}/plan.json"]
        self.out = pathlib.Path(plan.run_dir) / "logs" / "supervisor.out"
        self.mark = f"PITWIRE_TEST={plan.run_dir}"
        env = {**os.environ, "PITWIRE_TEST": plan.run_dir, **environment}
        with self.out.open("w") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out,
                                            stderr=subprocess.STDOUT)
        self.client = ControlClient(plan.run_dir, timeout=10.0)

    def __enter__(self) -> Supervised:
        return self

    def __exit__(self, *exc) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()
        while pids := self.pids():  # a fork server may just be replacing a supervisor
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def pids(self) -> list[int]:
        """Living processes that were started by this supervisor, or are it."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                if self.mark.encode() in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return [pid for pid in found if alive(pid)]

    # ---- waiting -----------------------------------------------------------------------------

    def stage(self) -> str:
        """The stage; ENDED when the supervisor is gone; empty before it answers."""
        try:
            return self.client.status()["stage"]
        except ControlError:
            return "" if self.process.poll() is None else "ENDED"

    def enabled(self) -> Supervised:
        """Waits until trading is enabled."""
        stage = eventually(lambda: (s := self.stage()) in ("ENABLED", "ENDED") and s, 120, "start")
        assert stage == "ENABLED", self.out.read_text()
        return self

    def wait_for(self, actor: str, timeout: float = 20.0, **wanted: Any) -> dict[str, Any]:
        """Waits until the actor's row has these values."""
        return self.client.wait_until(
            actor, lambda row: all(row[k] == v for k, v in wanted.items()), timeout)

    def ended(self, timeout: float = 60.0) -> int:
        """Waits for the supervisor's end; its exit status."""
        return self.process.wait(timeout)

    # ---- killing the supervisor --------------------------------------------------------------

    @property
    def supervisor(self) -> int:
        """The pid of the supervisor there is, the first or a later one."""
        return int(self.page()["supervisor_pid"])

    @property
    def fork_server(self) -> int:
        return int(self.page()["fork_server_pid"])

    def kill_supervisor(self) -> None:
        os.kill(self.supervisor, signal.SIGKILL)

    def taken_over(self, before: int, timeout: float = 60.0) -> int:
        """Waits until another supervisor than ``before`` answers; its pid."""
        def answers():
            try:
                pid = self.client.request("ping")["pid"]
            except ControlError:
                return 0
            return pid if pid != before else 0
        return eventually(answers, timeout, "a new supervisor")

    # ---- looking -----------------------------------------------------------------------------

    @property
    def outcome(self) -> dict[str, Any]:
        return json.loads((pathlib.Path(self.plan.run_dir) / "outcome.json").read_text())

    def events(self, kind: str = "", process: str = "") -> list[dict[str, Any]]:
        found, _ = self.client.events()
        return [e for e in found if e["kind"] == (kind or e["kind"])
                and e["process"] == (process or e["process"])]

    def vitals(self, actor: str) -> Vitals:
        return Vitals(pathlib.Path(self.plan.shm_dir) / f"{actor}.vitals")

    def wires(self):
        return map_wires(self.plan.shm_dir, len(self.plan.wires))

    def page(self):
        return map_deployment(self.plan.shm_dir)

    def seen(self, dtype, actor: str = "sink"):
        return map_table(self.plan.shm_dir, actor, "seen", dtype, (1,))[0]

    def log(self) -> str:
        texts = (pathlib.Path(self.plan.run_dir) / "logs").glob("*.jsonl")
        return "".join(path.read_text() for path in texts)
