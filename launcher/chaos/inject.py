"""Carrying out a step of a schedule on a running deployment, and undoing what lasts."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass, field

import numpy as np

from actors.runtime.clock import monotonic_ns
from actors.runtime.crash_points import arm_crash_point
from actors.runtime.faults import (
    ALWAYS, WireFault, arm_wire, cut_link, disarm_wire, map_faults, take_space,
)
from actors.runtime.host import load_class
from launcher.chaos.model import SUPERVISOR, WIRE_FAULTS, FaultName
from launcher.chaos.schedule import Step
from launcher.operate.deployment import Deployment

__all__ = ["Injector"]

_PERIOD_NS = 10_000_000  # of a slow process: part of it stopped, part of it running


@dataclass
class _Slow:
    pids: list[int]
    share: float
    until_ns: int
    stopped: bool = False


@dataclass
class Injector:
    """Does to ``deployment`` what steps say. :meth:`turn` must be called every millisecond or so;
    :meth:`end` undoes everything, whatever happened."""

    deployment: Deployment
    _stopped: dict[int, int] = field(default_factory=dict)  # pid: until when
    _slow: list[_Slow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._wires = {wire.name: wire.index for wire in self.deployment.plan.wires}
        self._faults = map_faults(self.deployment.plan.shm_dir, len(self._wires), create=True)

    def do(self, step: Step) -> None:
        """Carries the step out. What is not there any more is let be."""
        until_ns = monotonic_ns() + step.get("for", 0)
        if step.fault in WIRE_FAULTS:
            self._disturb(step, until_ns)
        elif step.fault == FaultName.KILL:
            _signal(self.pid(step.target), signal.SIGKILL)
        elif step.fault == FaultName.STOP:
            pid = self.pid(step.target)
            _signal(pid, signal.SIGSTOP)
            self._stopped[pid] = until_ns
        elif step.fault == FaultName.SLOW:
            self._slow.append(_Slow([self.pid(step.target)], step.get("share"), until_ns))
        elif step.fault == FaultName.CRASH:
            points = load_class(self.deployment.plan.actor(step.target).class_path).crash_points
            arm_crash_point(self._header(step.target), points, step.get("point"), step.get("nth"))
        elif step.fault == FaultName.CUT_LINK:
            cut_link(self._header(step.target), until_ns)
        else:
            take_space(self._header(step.target), until_ns)

    def pid(self, target: str) -> int:
        """The process of an actor, or of the supervisor; 0 if there is none."""
        if target == SUPERVISOR:
            return int(self.deployment.page["supervisor_pid"])
        page = self.deployment.vitals(target)
        return int(page.header["pid"]) if page else 0

    def wire_fault(self, name: str) -> np.ndarray:
        """The FAULT record of a wire."""
        index = self._wires[name]
        return self._faults[index:index + 1].reshape(())

    def _header(self, actor: str) -> np.ndarray:
        return self.deployment.vitals(actor).header

    def _disturb(self, step: Step, until_ns: int) -> None:
        arm_wire(self.wire_fault(step.target), WireFault[step.fault.name],
                 skip=step.get("skip", 0), count=step.get("count", ALWAYS),
                 chance=step.get("chance", 1.0), delay_ns=step.get("delay", 0),
                 seed=step.get("seed", 1), until_ns=until_ns if step.get("for") else 0)

    def turn(self, now_ns: int) -> None:
        """Lets go on what was stopped long enough; gives slow processes their little time."""
        for pid in [pid for pid, until in self._stopped.items() if now_ns >= until]:
            del self._stopped[pid]
            _signal(pid, signal.SIGCONT)
        for slow in list(self._slow):
            over = now_ns >= slow.until_ns
            stop = not over and now_ns % _PERIOD_NS < slow.share * _PERIOD_NS
            if stop != slow.stopped:
                slow.stopped = stop
                for pid in slow.pids:
                    if pid not in self._stopped:
                        _signal(pid, signal.SIGSTOP if stop else signal.SIGCONT)
            if over:
                self._slow.remove(slow)

    def end(self) -> None:
        """No fault any more."""
        self.turn(2**62)
        for name in self._wires:
            disarm_wire(self.wire_fault(name))
        for actor in self.deployment.plan.actors:
            page = self.deployment.vitals(actor.name)
            if page is not None:
                page.header["link_cut_ns"] = page.header["no_space_ns"] = 0
                page.header["crash_point"] = 0


def _signal(pid: int, number: signal.Signals) -> None:
    if pid > 0:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
