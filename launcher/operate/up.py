"""``pitwire up``: a deployment from its start to its end."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import json
import os
import pathlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from actors.runtime.clock import monotonic_ns
from actors.runtime.pids import is_alive, is_dying
from actors.runtime.plan import Plan
from actors.runtime.vitals import map_deployment
from actors.supervisor.guard import (
    ABANDONED, BACKGROUND, FOLLOWED, STATE_FILE, launcher_lock, supervisor_pid,
)
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.operate.deployment import Deployment, command_text
from launcher.operate.folders import (
    PLAN_FILE, RunLock, clean_leftovers, lock_holder, prepare_folders,
)
from launcher.operate.processes import end_processes, processes_of, wait_for_end
from launcher.operate.sample import ProcessUse
from launcher.operate.screen import CompileBar, LauncherLog, LogScreen
from launcher.operate.supervisor import Outcome, Supervisor
from actors.runtime.durations import format_duration
from launcher.topology.plan import summary

__all__ = ["Run", "UpOptions"]

_TURN_S = 0.02
_STATUS_EVERY_NS = 100_000_000
_SAMPLE_EVERY_NS = 1_000_000_000
_STOP_TIMEOUT_NS = 6_000_000_000   # the supervisor kills what lingers long before
_LEFTOVER_GRACE_S = 1.5
_SUCCESSOR_S = 0.5
_DYING_S = 10.0  # a killed supervisor's last moments, on a machine with no time for it


@dataclass(frozen=True)
class UpOptions:
    """``detach``: come back once trading is enabled. ``for_ns``: stop so long after that."""

    detach: bool = False
    for_ns: int | None = None
    report: pathlib.Path | None = None


class Run:
    """One run of ``plan``, watched until it ends or is detached from."""

    def __init__(self, topology: pathlib.Path, plan: Plan, options: UpOptions, console: Console):
        self.topology, self.plan, self.options = topology, plan, options
        self._console = console
        self._interrupts = 0
        self._stop_reason = ""
        self._enabled_ns = self._ended_ns = 0
        self._attached = False
        self._uses: dict[str, ProcessUse] = {}
        self.report: dict[str, Any] | None = None

    def run(self) -> None:
        """Starts it and follows it. :class:`Failure` tells how it failed, with an exit code."""
        self._lock = lock = self._take_lock()
        try:
            if not self._attached:
                self._end_leftovers()
                prepare_folders(self.plan)
            self._log = LauncherLog(self.plan.run_dir)
            self._screen = LogScreen(self.plan.run_dir, self._console, new=self._attached)
            version = importlib.metadata.version("pitwire")
            self._log.write(f"Pitwire {version} — {self.topology}: {summary(self.plan)}"
                            + self._attached * ", running already: attached")
            self._deployment = Deployment(self.topology, pathlib.Path(self.plan.run_dir))
            with self._signals():
                self._supervisor = Supervisor(self.plan, lock, self._attached)
                lock.note(str(self._supervisor.pid))
                self._follow_to_the_end()
        finally:
            self._follower.close()
            lock.close()

    @property
    def supervisor_pid(self) -> int:
        return self._supervisor.pid

    # ---- before ------------------------------------------------------------------------------

    def _take_lock(self) -> RunLock:
        run_dir = pathlib.Path(self.plan.run_dir)
        try:
            run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = RunLock(run_dir)
        except OSError as error:
            raise Failure(f"cannot use the run folder {run_dir}: {error.strerror}",
                          "set PITWIRE_RUNTIME_DIR to a folder of your own",
                          ExitCode.START_FAILED) from None
        self._follower = launcher_lock(run_dir)
        taken = lock.take()
        if self._follower.take():
            self._attached = not taken and self._attaches(run_dir) and lock.join()
            if taken or self._attached or self._orphans_ended() and lock.take():
                lock.note(str(os.getpid()))
                return lock
        self._follower.close()
        lock.close()
        raise Failure(f"{self.plan.name} is running already (pid {lock_holder(run_dir)})",
                      f"stop it with: {command_text(self.topology, 'down')}",
                      ExitCode.ALREADY_RUNNING)

    def _attaches(self, run_dir: pathlib.Path) -> bool:
        """Whether the deployment runs and nobody follows it, though somebody should: its launcher
        was killed, or its supervisor was and no other came. From here on this launcher does."""
        try:
            plan = Plan.load(run_dir / PLAN_FILE)
            page = map_deployment(plan.shm_dir)
        except (OSError, ValueError, KeyError, TypeError):
            return False
        if not (pathlib.Path(plan.shm_dir) / STATE_FILE).exists():
            return False
        deadline = time.monotonic() + _SUCCESSOR_S
        while not supervisor_pid(run_dir) and time.monotonic() < deadline:
            time.sleep(_TURN_S)  # a fork server may be at it
        abandoned = page["detached"] == ABANDONED or page["followed"] \
            and page["detached"] == FOLLOWED and plan.on_launcher_exit == "keep"
        if supervisor_pid(run_dir) and not abandoned:
            return False
        if dataclasses.replace(self.plan, version=plan.version) != plan:
            self._console.print("the topology file has changed; what runs goes on as it was "
                                "started", style="yellow")
        self.plan = plan
        page["followed"], page["detached"] = 1, FOLLOWED
        return True

    def _orphans_ended(self) -> bool:
        """Whether what holds the lock was left over by a supervisor that died, and ended now."""
        holder = lock_holder(self.plan.run_dir)
        if is_dying(holder):
            wait_for_end([holder], _DYING_S)
        if is_alive(holder):
            return False
        self._end_leftovers()
        return True

    def _end_leftovers(self) -> None:
        """Ends the processes and removes the files that an earlier run has left."""
        if processes_of(self.plan.run_dir):
            ended, killed = end_processes(self.plan.run_dir, _LEFTOVER_GRACE_S)
            self._console.print(f"an earlier run was not ended: stopped {ended + killed} of its "
                                "processes", style="yellow")
        clean_leftovers(self.plan.run_dir, self.plan.shm_dir)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C, SIGTERM and a closed terminal ask for the end; asking twice forces it."""
        def interrupt(number: int, _: Any) -> None:
            self._interrupts += 1
            name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
            self._stop_reason = self._stop_reason or name

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, interrupt) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    # ---- the run -----------------------------------------------------------------------------

    def _follow_to_the_end(self) -> None:
        detached = False
        try:
            if self._follow_start() and self.options.detach:
                self._deployment.page["detached"] = BACKGROUND  # now its supervisor cleans up
                detached = self._supervisor.lives
            if detached:
                time.sleep(_TURN_S)  # let the supervisor say so
                self._screen.finish()
                return
            self._follow_trading()
            self._stop()
        finally:
            if not detached:
                self._end()
            self._supervisor.close()
        self._raise_for(self._outcome())

    def _follow_start(self) -> bool:
        """Until trading is enabled: True. False if it ended, or somebody asked for the end."""
        bar = CompileBar(self._console)
        asked_ns = 0
        try:
            while self._supervisor.lives and not self._interrupts:
                now = monotonic_ns()
                if now - asked_ns >= _STATUS_EVERY_NS:
                    asked_ns = now
                    status = self._supervisor.status()
                    if status.get("progress"):
                        bar.update(**status["progress"])
                if self._trading_enabled():
                    self._enabled_ns = now
                    return True
                self._screen.update()
                time.sleep(_TURN_S)
        finally:
            bar.close()
            self._screen.update()
        return False

    def _trading_enabled(self) -> bool:
        try:
            return bool(self._deployment.page["trading_enabled"]) and self._supervisor.serves
        except (OSError, ValueError):  # the supervisor has not made the page yet, or is at it
            return False

    def _follow_trading(self) -> None:
        sampled_ns = 0
        until = self._enabled_ns + self.options.for_ns if self.options.for_ns else None
        while self._supervisor.lives and not self._interrupts:
            now = monotonic_ns()
            if until is not None and now >= until:
                self._stop_reason = f"--for {format_duration(self.options.for_ns)} is over"
                break
            if now - sampled_ns >= _SAMPLE_EVERY_NS:
                sampled_ns = now
                self._sample_processes()
            self._screen.update()
            time.sleep(_TURN_S)
        if self._supervisor.lives:
            self._sample_processes()
        self._ended_ns = monotonic_ns()

    def _sample_processes(self) -> None:
        from launcher.operate.sample import take_sample

        with contextlib.suppress(OSError):
            self._uses.update(take_sample(self._deployment).processes)

    def _stop(self) -> None:
        """Asks for an orderly end and waits for it. A second Ctrl-C does not wait."""
        asked = self._interrupts
        deadline = monotonic_ns() + _STOP_TIMEOUT_NS
        if self._supervisor.lives:
            self._supervisor.shut_down(self._stop_reason)
        while self._supervisor.lives and monotonic_ns() < deadline:
            if self._interrupts > max(asked, 1):
                self._log.write("forced to end: killing everything", "WARNING")
                break
            self._screen.update()
            time.sleep(_TURN_S)

    def _end(self) -> None:
        """Whatever happened: nothing of the run lives on, and what it left is removed."""
        if self._supervisor.lives:
            self._supervisor.kill()
        died = self._outcome().word == "DIED"
        if died and self._interrupts < 2:
            self._log.write(f"{self._outcome().reason}: stopping everything", "ERROR")
        end_processes(self.plan.run_dir, _LEFTOVER_GRACE_S if died else 0.0)
        self._screen.finish()
        try:
            if self._enabled_ns:
                self._make_report()
        finally:
            clean_leftovers(self.plan.run_dir, self.plan.shm_dir)

    def _outcome(self) -> Outcome:
        """How the run ended. A supervisor that was stopped before it could listen did as told."""
        outcome = self._supervisor.outcome()
        if outcome.word == "DIED" and self._interrupts == 1 and not self._enabled_ns:
            return Outcome("ORDERLY", "")
        return outcome

    def _make_report(self) -> None:
        from launcher.report import report

        outcome = self._outcome()
        with contextlib.suppress(FileNotFoundError):  # a forced end may have been too early
            self.report = report(self._deployment, self._ended_ns - self._enabled_ns, outcome.word,
                                 outcome.word in ("ORDERLY", "HALTED"), self._uses)
        if self.report is not None and self.options.report is not None:
            write_report(self.report, self.options.report)

    def _raise_for(self, outcome: Outcome) -> None:
        if outcome.word == "START_FAILED":
            logs = command_text(self.topology, "logs")
            raise Failure(f"{outcome.reason}; everything was stopped", f"the whole story: {logs}",
                          ExitCode.START_FAILED)
        if outcome.word == "ORDERLY":
            if not self._enabled_ns:
                raise Failure("stopped before trading was enabled", "", ExitCode.INTERRUPTED)
            return
        if self._interrupts > 1:
            raise Failure("everything was killed", "", ExitCode.INTERRUPTED)
        code = ExitCode.FAILURE if self._enabled_ns else ExitCode.START_FAILED
        raise Failure(f"{outcome.reason}; everything was stopped",
                      f"the whole story: {command_text(self.topology, 'logs')}", code)


def write_report(report: dict[str, Any], path: pathlib.Path) -> None:
    """Writes a report as JSON. :class:`Failure` if the file cannot be written."""
    try:
        written = path.with_name(f".{path.name}.{os.getpid()}")
        written.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        written.replace(path)
    except OSError as error:
        raise Failure(f"cannot write the report {path}: {error.strerror}") from None
