"""One experiment from start to end: steady state, method, rollback, invariants."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors.runtime.clock import NS, monotonic_ns
from launcher.audit import Audit, NotQuiet, audit, trading_held
from launcher.audit.venue import VenueUnreadable
from launcher.chaos.inject import Injector
from launcher.chaos.invariants import (
    Invariant, check_audit, check_recovery, check_resources, resources_of,
)
from launcher.chaos.load import LoadedExperiment
from launcher.chaos.model import FaultName, WIRE_FAULTS
from launcher.chaos.results import matrix
from launcher.chaos.schedule import Step
from launcher.chaos.watch import Struck, Watch
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.operate.deployment import Deployment, command_text
from launcher.operate.folders import is_locked
from launcher.operate.processes import processes_of
from launcher.operate.sample import take_sample
from actors.runtime.durations import format_duration

__all__ = ["ChaosRun"]

_TURN_S = 0.001
_TELL_EVERY_NS = NS
_RATE_OVER_NS = NS // 2
_QUIET_S = 30.0
_DOWN_S = 60.0

Tell = Callable[[str], None]


@dataclass
class ChaosRun:
    """Runs the ``steps`` of an experiment's schedule. ``tell`` gets a line of progress at a time.
    ``attach``: the deployment runs already, and goes on afterwards."""

    loaded: LoadedExperiment
    steps: tuple[Step, ...]
    lasts_ns: int
    seed: int
    tell: Tell
    attach: bool = False

    def run(self) -> dict[str, Any]:
        """The result, ready for JSON: ``holds`` says whether all went as expected. Failure if the
        deployment cannot be started, or does not come to its steady state."""
        began = monotonic_ns()
        self._start()
        try:
            result = self._experiment()
        finally:
            left = self._stop()
        if not self.attach:
            result["invariants"].append(Invariant(
                "nothing is left over afterwards", not left,
                left or "no process, no page").as_dict())
        result["holds"] = all(one["holds"] for one in result["invariants"])
        result["took_s"] = round((monotonic_ns() - began) / NS, 1)
        return result

    # ---- the deployment ------------------------------------------------------------------------

    def _pitwire(self, *words: str, timeout: float) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "launcher", "-f", os.fspath(self.loaded.topology), *words],
            capture_output=True, text=True, check=False, timeout=timeout)

    def _start(self) -> None:
        run_dir = pathlib.Path(self.loaded.plan.run_dir)
        runs = run_dir.is_dir() and is_locked(run_dir)
        topology = self.loaded.topology
        if self.attach and not runs:
            raise Failure(f"the deployment of {topology} is not running",
                          f"start it with: {command_text(topology, 'up -d')}, or leave --attach "
                          f"out",
                          ExitCode.NOT_RUNNING)
        if runs and not self.attach:
            raise Failure(f"{self.loaded.plan.name} is running already",
                          "experiment on it with --attach, or stop it first",
                          ExitCode.ALREADY_RUNNING)
        if not self.attach:
            self.tell(f"starting {topology}")
            done = self._pitwire("up", "-d", timeout=900)
            if done.returncode != 0:
                said = done.stdout[-2000:] + done.stderr[-2000:]
                raise Failure(f"{topology} did not start: {said}", "", ExitCode.START_FAILED)
        self.deployment = Deployment.running(topology)
        self.watch = Watch(self.deployment, self.loaded.experiment.expect.recovery)
        self.injector = Injector(self.deployment)

    def _stop(self) -> str:
        """Ends what was started; what is left of it, in words."""
        if self.attach:
            return ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._pitwire("down", timeout=_DOWN_S)
        plan = self.loaded.plan
        left = [f"process {pid}" for pid in processes_of(plan.run_dir)]
        left += [plan.shm_dir] if pathlib.Path(plan.shm_dir).exists() else []
        return ", ".join(left)

    def _pids(self) -> dict[str, int]:
        return {name: use.pid for name, use in take_sample(self.deployment).processes.items()}

    # ---- the experiment ------------------------------------------------------------------------

    def _experiment(self) -> dict[str, Any]:
        experiment = self.loaded.experiment
        steady = self._reach_steady_state()
        before = resources_of(self._pids())
        rate = self._rate()
        self.tell(f"steady: every actor runs, {rate:,.0f} orders/s; {len(self.steps)} faults in "
                  f"{format_duration(self.lasts_ns)}")
        began = monotonic_ns()
        try:
            self._method(began)
        finally:
            self.injector.end()
        self._settle()
        again = self._steady(monotonic_ns() + experiment.steady_state.within)
        after = resources_of(self._pids())
        found, why_not = self._audit()
        invariants = [
            Invariant("it was steady before", steady == "", steady or f"{rate:,.0f} orders/s"),
            Invariant("it is steady afterwards", again == "", again or
                      "every actor runs, and orders flow"),
            check_recovery(self.watch.struck, experiment.expect),
            *check_audit(found, why_not, experiment.expect),
            *check_resources(before, after, experiment.expect)]
        return {
            "experiment": experiment.name, "what": experiment.what,
            "file": os.fspath(self.loaded.path), "topology": self.loaded.plan.name,
            "seed": self.seed, "lasts_ns": self.lasts_ns, "orders_per_second": round(rate, 1),
            "matrix": matrix(self.watch.struck),
            "steps": [struck.as_dict() for struck in self.watch.struck],
            "invariants": [one.as_dict() for one in invariants],
            "audit": found.as_dict() if found else None,
            "resources": {name: {"rss_before": before[name].rss_bytes,
                                 "rss_after": after[name].rss_bytes,
                                 "descriptors_before": before[name].descriptors,
                                 "descriptors_after": after[name].descriptors}
                          for name in sorted(before.keys() & after.keys())},
        }

    def _reach_steady_state(self) -> str:
        steady = self.loaded.experiment.steady_state
        missing = self._steady(monotonic_ns() + steady.within)
        if missing:
            raise Failure(f"no steady state within {format_duration(steady.within)}: {missing}",
                          "nothing was done to the deployment")
        return missing

    def _steady(self, deadline_ns: int) -> str:
        """Waits until the deployment is steady; what is missing, in words, if it is not in time."""
        least = self.loaded.experiment.steady_state.orders_per_second
        while True:
            missing = self.watch.not_well()
            if not missing:
                rate = self._rate() if least else 0.0
                missing = f"{rate:,.1f} orders/s, {least:g} are needed" if rate < least else ""
            if not missing or monotonic_ns() > deadline_ns:
                return missing
            time.sleep(0.05)

    def _rate(self) -> float:
        orders, then = self.watch.orders(), monotonic_ns()
        time.sleep(_RATE_OVER_NS / NS)
        return (self.watch.orders() - orders) * NS / (monotonic_ns() - then)

    def _method(self, began: int) -> None:
        todo, told = list(self.steps), 0
        while todo or monotonic_ns() - began < self.lasts_ns:
            now = monotonic_ns()
            self.injector.turn(now)
            while todo and now - began >= todo[0].at_ns:
                self._do(todo.pop(0))
            self._report(self.watch.look(now))
            if now - told >= _TELL_EVERY_NS:
                told = now
                self._progress(now - began, len(todo))
            time.sleep(_TURN_S)

    def _do(self, step: Step) -> None:
        pid = 0 if step.fault in WIRE_FAULTS else self.injector.pid(step.target)
        self.watch.begin(step, pid)
        point = f" at {step.get('point')}" if step.fault == FaultName.CRASH else ""
        self.tell(f"{step.at_ns / NS:8.3f} s  {step.fault} {step.target}{point}")
        self.injector.do(step)

    def _report(self, settled: list[Struck]) -> None:
        for struck in settled:
            took = f" after {struck.recovery_ns / 1e6:,.1f} ms" if struck.recovery_ns is not None \
                else ""
            self.tell(f"            {struck.step.fault} {struck.step.target}: "
                      f"{struck.outcome}{took}")

    def _progress(self, elapsed_ns: int, left: int) -> None:
        done = len(self.watch.struck)
        self.tell(f"{elapsed_ns / NS:8.1f} s  of {self.lasts_ns / NS:g} s: {done} done, {left} to "
                  f"come; {self.watch.not_well() or 'all run'}; {self.watch.orders():,} orders")

    def _settle(self) -> None:
        """Waits for the last recoveries."""
        deadline = monotonic_ns() + self.loaded.experiment.expect.recovery
        while monotonic_ns() < deadline:
            self._report(self.watch.look(monotonic_ns()))
            if all(s.settled or s.step.fault == FaultName.CRASH for s in self.watch.struck):
                break
            time.sleep(_TURN_S)
        self.watch.close()
        self.watch.note_wires({wire.name: int(self.injector.wire_fault(wire.name)["applied"])
                               for wire in self.loaded.plan.wires})

    def _audit(self) -> tuple[Audit | None, str]:
        self.tell("holding orders back, and comparing with the exchange's journal")
        try:
            with trading_held(self.deployment):
                return audit(self.deployment, _QUIET_S), ""
        except NotQuiet as error:
            return None, f"the desk does not come to rest: {error}"
        except VenueUnreadable as error:
            return None, str(error)
